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
import { trackgps } from '../../providers/trackgps';

export class TrackGps implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'TrackGPS.ro',
		name: 'trackGps',
		icon: { light: 'file:../../icons/trackgps.svg', dark: 'file:../../icons/trackgps.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Track vehicles and read refills, thefts, consumption, stops and temperatures with TrackGPS.ro',
		defaults: { name: 'TrackGPS.ro' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trackGpsApi', required: true }],
		properties: propertiesOf(trackgps),
	};

	methods = { listSearch: listSearchOf(trackgps, 'trackGpsApi') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, trackgps, 'trackGpsApi');
	}
}
