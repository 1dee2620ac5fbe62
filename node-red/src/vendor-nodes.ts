import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Provider } from '../../core/describe/provider';
import { makeAccount, type AccountNode } from './account-node';
import { Admin } from './admin';
import { noteInstance } from './instances';
import { MIGRATIONS, upToDate } from './migrations';
import { RequestNode, type RequestDef } from './request-node';
import { TriggerNode, type TriggerDef, type TriggerNodeInstance } from './trigger-node';

/** Gives the nodes of one vendor what they do. */
export class VendorNodes {
	readonly admin: Admin;

	constructor(
		private readonly RED: NodeAPI,
		private readonly provider: Provider,
		private readonly migrations = MIGRATIONS,
	) {
		this.admin = new Admin(RED, provider, migrations);
	}

	account(node: AccountNode, config: NodeDef): void {
		noteInstance(this.RED, node);
		const { config: settings, newer } = upToDate(config, this.migrations, 'account');
		makeAccount(this.RED, this.provider, node, settings, newer);
	}

	request(node: Node, config: RequestDef): void {
		const { config: settings, newer } = upToDate(config, this.migrations);
		new RequestNode(this.RED, this.provider, node, settings, newer);
	}

	trigger(node: TriggerNodeInstance, config: TriggerDef): void {
		const { config: settings, newer } = upToDate(config, this.migrations);
		noteInstance(this.RED, node);
		const trigger = new TriggerNode(this.RED, this.provider, node, settings, newer);
		node.pollNow = () => trigger.pollNow();
		node.account = settings.account;
	}
}
