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
import { itracksense } from '../../providers/itracksense';

export class ITracksenseTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'iTracksense Trigger',
		name: 'iTracksenseTrigger',
		icon: { light: 'file:../../icons/itracksense.svg', dark: 'file:../../icons/itracksense.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow on alarms, positions, locks and geofences in iTracksense',
		defaults: { name: 'iTracksense Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'iTracksenseApi', required: true }],
		properties: triggerPropertiesOf(itracksense),
	};

	methods = { listSearch: listSearchOf(itracksense, 'iTracksenseApi') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, itracksense, 'iTracksenseApi');
	}
}
