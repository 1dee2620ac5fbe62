import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Provider } from '../../core/describe/provider';
import { makeAccount, type AccountNode } from './account-node';
import { Admin } from './admin';
import { RequestNode, type RequestDef } from './request-node';
import { TriggerNode, type TriggerDef, type TriggerNodeInstance } from './trigger-node';

/** Gives the nodes of one vendor what they do. */
export class VendorNodes {
	readonly admin: Admin;

	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
	) {
		this.admin = new Admin(RED, provider);
	}

	account(node: AccountNode, config: NodeDef): void {
		makeAccount(this.RED, this.provider, node, config);
	}

	request(node: Node, config: RequestDef): void {
		new RequestNode(this.RED, this.provider, node, config);
	}

	trigger(node: TriggerNodeInstance, config: TriggerDef): void {
		const trigger = new TriggerNode(this.RED, this.provider, node, config);
		node.pollNow = () => trigger.pollNow();
	}
}
