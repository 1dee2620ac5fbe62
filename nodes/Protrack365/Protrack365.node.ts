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
import { protrack365 } from '../../providers/protrack/protrack365';

export class Protrack365 implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Protrack365',
		name: 'protrack365',
		icon: { light: 'file:../../icons/protrack365.svg', dark: 'file:../../icons/protrack365.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description: 'Track vehicles, read alarms and mileage, and send commands with Protrack365',
		defaults: { name: 'Protrack365' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'protrack365Api', required: true }],
		properties: propertiesOf(protrack365),
	};

	methods = { listSearch: listSearchOf(protrack365, 'protrack365Api') };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await execute(this, protrack365, 'protrack365Api');
	}
}
