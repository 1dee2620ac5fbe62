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
import { trackceo } from '../../providers/protrack/trackceo';

export class TrackCeo implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'TrackCEO',
		name: 'trackCeo',
		icon: { light: 'file:../../icons/trackceo.svg', dark: 'file:../../icons/trackceo.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Track vehicles, read alarms and mileage, and send commands with TrackCEO',
		defaults: { name: 'TrackCEO' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trackCeoApi', required: true }],
		properties: propertiesOf(trackceo),
	};

	methods = { listSearch: listSearchOf(trackceo, 'trackCeoApi') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, trackceo, 'trackCeoApi');
	}
}
