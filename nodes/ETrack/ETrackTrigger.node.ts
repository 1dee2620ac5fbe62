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
import { etrack } from '../../providers/protrack/etrack';

export class ETrackTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'eTrack Trigger',
		name: 'eTrackTrigger',
		icon: { light: 'file:../../icons/etrack.svg', dark: 'file:../../icons/etrack.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow on alarms, positions, statuses and geofences in eTrack',
		defaults: { name: 'eTrack Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'eTrackApi', required: true }],
		properties: triggerPropertiesOf(etrack),
	};

	methods = { listSearch: listSearchOf(etrack, 'eTrackApi') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, etrack, 'eTrackApi');
	}
}
