import { anyNumber, type Field, type Fields } from '../../../core/describe/field';
import type { AnyOperation } from '../../../core/describe/operation';
import { OUTCOME_WORDS } from '../../../core/describe/outcome';
import type { Provider } from '../../../core/describe/provider';
import { RECORD_WORDS, resourceTitle } from '../../../core/describe/resources';
import { deliveryFields, reportFields, type AnyTrigger } from '../../../core/describe/trigger';
import { accountType, requestType, triggerType } from '../types';
import { MAPPABLE } from '../worldmap';

const ERRORS: readonly [string, string][] = [
	['InvalidParams', 'a value is missing or wrong; nothing was sent'],
	['LoginRejected', 'account or secret is refused'],
	['SessionContested', 'another program logs in with the same account'],
	['NotPermitted', 'the account may not do this, or *Allow Commands* is off in the account or in the node'],
	['NotFound', 'the vendor does not know the target'],
	['RateLimited', 'too many requests'],
	['DeviceOffline', 'the device is offline; nothing was sent to it'],
	['VendorFault', 'a fault at the vendor'],
	['Unreachable', 'no connection, or it broke'],
	['TimedOut', 'no answer in time'],
	['NotSent', 'a command could not be sent soon enough, and was not sent'],
	['TooLarge', 'the answer is larger than 16 MiB'],
	['PartialResult', 'some devices failed; the records of the others were sent before'],
	['UnexpectedAnswer', 'the answer is not what the vendor documents'],
	['Dropped', 'too many messages wait at the node, and this one was dropped'],
	['Stopped', 'the node was stopped before it had the answer'],
	['NewerVersion', 'the node was saved by a newer version of this package'],
];

// The panel renders markdown to html: what the catalog says must stay text.
const plain = (text: string) =>
	text.replace(/[&<>]/g, (sign) => `&#${String(sign.charCodeAt(0))};`).replace(/([*_`[\]\\])/g, '\\$1');

function paramLine(field: Field): string {
	const { title, description, required, options } = field;
	const known =
		options !== undefined && options.length <= 8
			? ` One of: ${options.map((option) => plain(option.title)).join(', ')}.`
			: '';
	return `- **${plain(title)}**${required ? '' : ' (optional)'}: ${plain(description).replace(/\.?$/, '.')}${known}`;
}

function operationSection({
	title,
	description,
	effect,
	handsOutSession,
	params,
	kind,
	evidence,
}: AnyOperation): string {
	const fields = Object.values(params as Fields);
	const notes = [
		effect === 'command'
			? 'Needs *Allow Commands* in the account and in the node. Sent exactly once.'
			: effect === 'write'
				? 'Sent exactly once.'
				: '',
		handsOutSession === true ? 'Needs *Allow Web Links* in the account.' : '',
		evidence.note === undefined ? '' : plain(evidence.note),
	].filter((note) => note !== '');
	return [
		`#### ${plain(title)}`,
		'',
		plain(description).replace(/\.?$/, '.'),
		'',
		...fields.map(paramLine),
		...(fields.length === 0 ? [] : ['']),
		`Returns: ${RECORD_WORDS[kind].holds}. Vendor's documentation: section ${plain(evidence.section)}.${evidence.grade === 'C' ? '' : ' Not proven.'}`,
		...notes.map((note) => `\n*Note:* ${note}`),
		'',
	].join('\n');
}

function requestHelp(provider: Provider): string {
	const resources = [...new Set(provider.operations.map(({ resource }) => resource))];
	const devices = provider.operations
		.flatMap(({ params }) => Object.values(params as Fields))
		.find(({ kind, all }) => kind === 'ids' && all !== undefined);
	const maps = provider.operations.some(({ kind }) => MAPPABLE.includes(kind));
	return `${plain(provider.description)}.

### Inputs

Each message runs the chosen operation once. Type values in, or take them from \`msg\`, \`flow\`, \`global\`, environment variables or JSONata.

### Outputs

: payload (array | object) : the records, or the outcome of a command.
: topic (string) : device or account of the record, where a message carries one record.
: failedDevices (array) : where some of several devices failed: \`deviceId\`, \`deviceName\` and \`error\` of each. The records of the others are sent first, then the error goes to Catch nodes.
: parts (object) : where *A message for each record* is chosen, so that Join, Sort and Batch work. Lists of more than 1000 records go out page by page, and only their last messages have \`count\`. An empty list sends nothing.

### Details

**Output** *Simplified* gives the same fields and units for every vendor: ISO 8601 UTC, km/h, km, degrees from north; \`null\` where the vendor has no value. *Raw* gives the vendor's own records.${maps ? ' *Worldmap* gives one message per vehicle or alarm, and one line per track, as node-red-contrib-web-worldmap draws them; records without coordinates are left out.' : ''}

**Times** can be ISO 8601 (without an offset: in the time zone of this machine), seconds or milliseconds since 1970, \`now\`, or relative to now, such as \`-24h\` or \`-7d\`.

**Devices** are named by their id, or by their whole name or plate. ${plain(anyNumber({ parting: 'blanks', ...devices }))}. Names that contain a comma, or that begin or end with a space, need the list form. The picker writes it for you.

**Bursts**: messages wait where the account may send no more requests. Those that ask for the same share a request, and so do positions of up to 100 devices. Each message gets its own answer. Commands and writes are never merged or dropped.

**Commands** are sent exactly once. \`msg.payload.outcome\` is the result. Use a Switch node to continue after \`confirmed\` only:

${Object.entries(OUTCOME_WORDS)
	.map(([outcome, words]) => `- \`${outcome}\`: ${words}`)
	.join('\n')}

> [!WARNING]
> Stopping an engine can endanger people. Commands run only if *Allow Commands* is on in the account and in the node. The log has a line for each.

### Errors

Errors go to Catch nodes. \`msg.error.message\` says what is wrong and what to do. \`msg.error.cause\` holds the vendor's code and words. \`msg.error.code\` is one of

${ERRORS.map(([code, meaning]) => `- \`${code}\`: ${meaning}`).join('\n')}

${resources
	.map(
		(resource) =>
			`### ${resourceTitle(provider, resource)}\n\n${provider.operations
				.filter((operation) => operation.resource === resource)
				.map(operationSection)
				.join('\n')}`,
	)
	.join('\n')}`;
}

const COMMON = Object.values({ ...deliveryFields, ...reportFields }) as Field[];

function triggerSection(trigger: AnyTrigger): string {
	const { title, description, kind, adds = {}, evidence } = trigger;
	const fields = Object.values(trigger.params as Fields);
	const carries = Object.entries(adds).map(([name, words]) => `\`${name}\` (${plain(words)})`);
	return [
		`#### ${plain(title)}`,
		'',
		plain(description).replace(/\.?$/, '.'),
		'',
		...fields.map(paramLine),
		...(fields.length === 0 ? [] : ['']),
		`Carries: ${RECORD_WORDS[kind].holds}${carries.length === 0 ? '' : `; and ${carries.join(', ')}`}.${evidence.grade === 'C' ? '' : ` Vendor's documentation: section ${plain(evidence.section)}. Not proven.`}`,
		...(evidence.note === undefined ? [] : [`\n*Note:* ${plain(evidence.note)}`]),
		'',
	].join('\n');
}

function triggerHelp(provider: Provider): string {
	const { seconds, leastSeconds } = provider.limits.poll;
	const queue = provider.triggers.find((trigger) => trigger.queue);
	return `Starts a flow when something happens to the vehicles of a ${plain(provider.title)} account.

### Inputs

: payload (string) : \`poll\` polls now. \`pause\` stops polling, also after a restart, until \`resume\`. \`reset\` forgets the saved position and starts like a new node. The button on the node polls, and restarts a node that has stopped.

### Outputs

: payload (object | array) : the event, or with *One message with all events of a poll* a list of them.
: topic (string) : the device.
: parts (object) : the event's place among those of one poll, so that Join works.${queue === undefined ? '' : "\n: attempt (number) : of a queue's messages: how often they have been sent, beginning with 1."}

With *Trigger Unwell*, the second output sends the event \`triggerUnwell\` once, and \`triggerWellAgain\` once, also over restarts. They have \`trigger\` (name of its event), \`since\` (first failure), \`lastSuccess\`, \`error\` and \`code\`.

Every event has \`id\`, \`event\`, \`deviceId\`, \`time\` and \`late\` beside the fields of its kind. \`id\` is the same if an event is ever sent twice. \`late\` is true if a newer event of this device was sent before.

### Details

Polls every ${String(seconds)} seconds by default. The shortest interval is ${String(leastSeconds)} seconds. Triggers of the same account and interval poll together and share their requests.

It saves which events it has sent, and continues from there after a deploy or a restart. No event is lost. None is sent twice, unless Node-RED or the machine crashes between sending and saving. With a context store in *Remember in*, the saved position lasts as long as that store. In a container without a volume, choose a store that lasts. Node-RED's own file store writes every 30 seconds, so more events can come twice after a power cut. With a file, a node that goes with its flow, project or branch continues there if it comes back within a week.

What is common to all events${queue === undefined ? '' : `, other than *${plain(queue.title)}*`}:

${COMMON.map(paramLine).join('\n')}
${
	queue === undefined
		? ''
		: `
*${plain(queue.title)}*: with *By an Acknowledge operation in the flow*, connect the messages to a ${plain(provider.title)} node with *Queue*, *Acknowledge* and \`msg.payload.deliveryTag\`. What is not acknowledged in time is sent again.
`
}
**The line below the node**: \`12 new, 10:42\` - the number of new events, and when they came. \`nothing new, 10:43\` - the last poll found nothing. \`checked 4 min ago\` - some vehicles wait that long, because of the account's request limit. \`limited, 30 s\` - it waits for its turn. \`unreachable, 12 min\` or \`no answer for 12 min\` - the last success was 12 minutes ago. A yellow ring: it failed and tries again, at growing intervals. A red ring: it has stopped, for example because the login is refused. Correct that and deploy, or send \`resume\`. \`state not stored\` - it continues, but cannot save which events it has sent.

### Errors

Errors go to Catch nodes once, and again if something else fails or if it worked in between. \`msg.error\` is the same as for the other nodes of this vendor. \`NotStored\`: the trigger's position could not be saved. \`NotRead\`: it cannot be read, and nothing is sent until it can.

### Events

${provider.triggers.map(triggerSection).join('\n')}`;
}

function accountHelp(provider: Provider): string {
	const settings = Object.values(provider.connection);
	const [shared, begins, tried] =
		provider.login === undefined
			? ['one rate limit', '', 'Test key']
			: ['one login, one rate limit', ': the first message logs in', 'Test login'];
	return `A ${plain(provider.title)} account. All nodes of one account share ${shared} and one set of picker lists, also across deploys.

### Properties

${settings.map(paramLine).join('\n')}

### Details

Nothing is sent when flows are deployed${begins}. The secret is stored as a Node-RED credential, encrypted, and never shown again. *${tried}* uses the values in the dialog, deployed or not. The stored secret and environment variables go only to the address where the account is deployed. To test another address, type the secret again.

Fields may hold \`\${NAME}\`, which Node-RED replaces with the environment variable. Where one chooses from a list, the variable is the other type of value. Within a subflow, an account can also be a property of the subflow.

*${tried}*, the lists to choose from, and the button of a trigger need the permissions \`flows.write\` and \`fleetwire-${provider.name}.write\`.

**TLS** and **Proxy** are Node-RED's own. Certificates are always verified unless the TLS settings say otherwise. Without a proxy there, \`http_proxy\`, \`https_proxy\` and \`no_proxy\` of the environment count, as for Node-RED's own nodes. A proxy resolves names itself, so a name that only the proxy knows may lead to a private address.

**The administrator** can forbid private addresses and commands for all accounts in \`settings.js\`: \`fleetwire: { allowPrivateAddresses: false, allowCommands: false }\`. Addresses of cloud metadata services are always refused.
`;
}

/** The help panel's text for one vendor's nodes. Its first line is the palette's tooltip. */
export function helpOf(provider: Provider): string {
	const script = (type: string, text: string) =>
		`<script type="text/markdown" data-help-name="${type}">\n${text}\n</script>\n`;
	return [
		script(requestType(provider), requestHelp(provider)),
		script(triggerType(provider), triggerHelp(provider)),
		script(accountType(provider), accountHelp(provider)),
	].join('\n');
}
