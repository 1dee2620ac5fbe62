// Made by `npm run generate` from providers/: edit the vendor there.
import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { listSearchOf } from '../../n8n/lookups';
import { queuePropertiesOf } from '../../n8n/trigger-properties';
import { listen } from '../../n8n/trigger-queue';
import { ctrack } from '../../providers/ctrack';

export class CtrackQueueTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Ctrack Queue Trigger',
		name: 'ctrackQueueTrigger',
		icon: { light: 'file:../../icons/ctrack.svg', dark: 'file:../../icons/ctrack.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["queue"] }}',
		description:
			'Starts the workflow with the messages of a queue of Ctrack, which come again until they are acknowledged or expire',
		defaults: { name: 'Ctrack Queue Trigger' },
		eventTriggerDescription: '',
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					'<b>While building your workflow</b>, click the button to try it with messages that are in the queue now. They stay there.<br /> <br /><b>Once you are happy with your workflow</b>, publish it. Then it runs for all messages. These executions show up in the <a data-key="executions">executions list</a>, but not in the editor.',
				active: '<b>While building your workflow</b>, click the button to try it with messages that are in the queue now. They stay there.<br /> <br /><b>Your workflow also runs by itself</b>, since it is published. These executions show up in the <a data-key="executions">executions list</a>, but not in the editor.',
			},
			activationHint:
				'Once you have finished building your workflow, publish it to have it run for all messages.',
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'ctrackApi', required: true }],
		properties: queuePropertiesOf(ctrack),
	};

	methods = { listSearch: listSearchOf(ctrack, 'ctrackApi') };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, ctrack, 'ctrackApi');
	}
}
