// Made by `npm run generate` from providers/: edit the vendor there.
import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';
import { listSearchOf } from '../../n8n/lookups';
import { poll } from '../../n8n/trigger-poll';
import { triggerPropertiesOf } from '../../n8n/trigger-properties';
import { ctrack } from '../../providers/ctrack';

export class CtrackTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Ctrack Trigger',
		name: 'ctrackTrigger',
		icon: { light: 'file:../../icons/ctrack.svg', dark: 'file:../../icons/ctrack.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow when vehicles move, end trips or fall silent in Ctrack',
		defaults: { name: 'Ctrack Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'ctrackApi', required: true }],
		properties: triggerPropertiesOf(ctrack),
	};

	methods = { listSearch: listSearchOf(ctrack, 'ctrackApi') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, ctrack, 'ctrackApi');
	}
}
