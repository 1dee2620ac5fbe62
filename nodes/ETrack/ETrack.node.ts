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
import { etrack } from '../../providers/protrack/etrack';

export class ETrack implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'eTrack',
		name: 'eTrack',
		icon: { light: 'file:../../icons/etrack.svg', dark: 'file:../../icons/etrack.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Track vehicles, read alarms and mileage, and send commands with eTrack',
		defaults: { name: 'eTrack' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'eTrackApi', required: true }],
		properties: propertiesOf(etrack),
	};

	methods = { listSearch: listSearchOf(etrack, 'eTrackApi') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, etrack, 'eTrackApi');
	}
}
