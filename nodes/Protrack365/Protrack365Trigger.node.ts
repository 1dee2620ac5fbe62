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
import { protrack365 } from '../../providers/protrack/protrack365';

export class Protrack365Trigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Protrack365 Trigger',
		name: 'protrack365Trigger',
		icon: { light: 'file:../../icons/protrack365.svg', dark: 'file:../../icons/protrack365.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["event"] }}',
		description: 'Starts the workflow on alarms, positions, statuses and geofences in Protrack365',
		defaults: { name: 'Protrack365 Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'protrack365Api', required: true }],
		properties: triggerPropertiesOf(protrack365),
	};

	methods = { listSearch: listSearchOf(protrack365, 'protrack365Api') };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await poll(this, protrack365, 'protrack365Api');
	}
}
