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
import { trackceo } from '../../providers/protrack/trackceo';

export class TrackCeoTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'TrackCEO Trigger',
		name: 'trackCeoTrigger',
		icon: { light: 'file:../../icons/trackceo.svg', dark: 'file:../../icons/trackceo.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow on alarms, positions, statuses and geofences in TrackCEO',
		defaults: { name: 'TrackCEO Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'trackCeoApi', required: true }],
		properties: triggerPropertiesOf(trackceo),
	};

	methods = { listSearch: listSearchOf(trackceo, 'trackCeoApi') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, trackceo, 'trackCeoApi');
	}
}
