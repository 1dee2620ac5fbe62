// Made by `npm run generate` from providers/: edit the vendor there.
import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { execute } from '../../n8n/execute';
import { listSearchOf } from '../../n8n/lookups';
import { propertiesOf } from '../../n8n/properties';
import { ctrack } from '../../providers/ctrack';

export class Ctrack implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Ctrack',
		name: 'ctrack',
		icon: { light: 'file:../../icons/ctrack.svg', dark: 'file:../../icons/ctrack.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Read vehicles, trips, drivers and message queues with Ctrack',
		defaults: { name: 'Ctrack' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'ctrackApi', required: true }],
		properties: propertiesOf(ctrack),
	};

	methods = { listSearch: listSearchOf(ctrack, 'ctrackApi') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, ctrack, 'ctrackApi');
	}
}
