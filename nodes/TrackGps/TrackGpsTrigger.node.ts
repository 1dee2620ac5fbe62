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
import { trackgps } from '../../providers/trackgps';

export class TrackGpsTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'TrackGPS.ro Trigger',
		name: 'trackGpsTrigger',
		icon: { light: 'file:../../icons/trackgps.svg', dark: 'file:../../icons/trackgps.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow on refills, thefts of fuel and positions in TrackGPS.ro',
		defaults: { name: 'TrackGPS.ro Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trackGpsApi', required: true }],
		properties: triggerPropertiesOf(trackgps),
	};

	methods = { listSearch: listSearchOf(trackgps, 'trackGpsApi') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, trackgps, 'trackGpsApi');
	}
}
