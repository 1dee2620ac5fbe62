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
import { itracksense } from '../../providers/itracksense';

export class ITracksense implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'iTracksense',
		name: 'iTracksense',
		icon: { light: 'file:../../icons/itracksense.svg', dark: 'file:../../icons/itracksense.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Track vehicles and assets, and work locks and SIM cards with iTracksense',
		defaults: { name: 'iTracksense' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'iTracksenseApi', required: true }],
		properties: propertiesOf(itracksense),
	};

	methods = { listSearch: listSearchOf(itracksense, 'iTracksenseApi') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, itracksense, 'iTracksenseApi');
	}
}
