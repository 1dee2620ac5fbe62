import { RECORD_WORDS, resourceTitle } from '../core/describe/resources';
import type { Field, Fields } from '../core/describe/field';
import { isComputed, type AnyOperation, type Effect, type Evidence, type Grade } from '../core/describe/operation';
import { OUTCOME_WORDS } from '../core/describe/outcome';
import type { Provider } from '../core/describe/provider';
import type { Vendor } from '../providers/vendor';
import { MADE } from './n8n-files';
import { deliveryFields, reportFields, type AnyTrigger, type Source } from '../core/describe/trigger';

const GRADES: Readonly<Record<Grade, { word: string; meaning: string }>> = {
	C: { word: 'certain', meaning: "read in the vendor's documentation, or seen in independent working programs" },
	L: { word: 'likely', meaning: 'one indirect source, or a strong inference' },
	G: { word: 'assumed', meaning: 'a guess' },
	U: { word: 'unknown', meaning: 'neither documented nor seen' },
};
const sourceOf = ({ section, grade }: Evidence) => `section ${section} (${GRADES[grade].word})`;

const EFFECTS: Readonly<Record<Effect, string>> = {
	read: 'reads; tried up to three times',
	write: 'changes data; sent once',
	command: 'acts on a vehicle or account; sent once, and only where the account allows commands',
};
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function range({ min, max, unit }: Field): string {
	const bounds =
		min !== undefined && max !== undefined
			? `${String(min)} to ${String(max)}`
			: min !== undefined
				? `at least ${String(min)}`
				: max !== undefined
					? `at most ${String(max)}`
					: '';
	return bounds === '' ? '' : ` (${bounds}${unit === undefined ? '' : ` ${unit}`})`;
}

const KINDS: Readonly<Record<Field['kind'], string>> = {
	text: 'text',
	number: 'number',
	boolean: 'yes or no',
	choice: 'choice',
	choices: 'choices',
	time: 'date and time',
	id: 'from list, or by',
	ids: 'from list, or any number by',
	json: 'JSON',
};

/** The same, with what a picker's values are called: "IMEI", "vehicle number". */
const kindOf = ({ kind, typedAs = 'ID' }: Field) =>
	kind === 'id' || kind === 'ids'
		? `${KINDS[kind]} ${typedAs.replace(/\b[A-Z][a-z]+\b/g, (word) => word.toLowerCase())}`
		: KINDS[kind];

/** Whether a field may be left empty. A switch is never empty, and none of several choices means all of them. */
function neededOf({ kind, required, initial, when = {} }: Field, fields: Fields): string {
	if (!required || kind === 'boolean' || kind === 'choices') return 'no';
	const [condition] = Object.entries(when).map(([name, values]) => {
		const { title = name, options = [] } = fields[name] ?? {};
		const chosen = values.map((value) => options.find((option) => option.value === value)?.title ?? value);
		return `if ${title} is ${chosen.join(' or ')}`;
	});
	return condition ?? (initial === undefined ? 'yes' : 'yes; has a default');
}

function fieldTable(fields: Fields): string[] {
	if (Object.keys(fields).length === 0) return ['No parameters.'];
	return [
		'| Parameter | Name in flows | Kind | Needed | Meaning |',
		'|---|---|---|---|---|',
		...Object.entries(fields).map(([name, field]) => {
			const options =
				field.options === undefined || field.options.length > 10
					? ''
					: ` One of: ${field.options.map(({ title, value }) => `${title} (\`${value}\`)`).join('; ')}.`;
			const kind = `${kindOf(field)}${field.kind === 'text' ? (field.max === undefined ? '' : ` (up to ${String(field.max)} characters)`) : range(field)}`;
			return `| ${cell(field.title)} | \`${name}\` | ${kind} | ${neededOf(field, fields)} | ${cell(field.description.replace(/([^.])$/, '$1.') + options)} |`;
		}),
	];
}

function operationPart(operation: AnyOperation): string[] {
	const { evidence } = operation;
	return [
		`### ${operation.title} (\`${operation.name}\`)`,
		'',
		operation.description.replace(/([^.])$/, '$1.'),
		'',
		...fieldTable(operation.params as Fields),
		'',
		`- Returns: ${operation.list && operation.effect === 'read' ? 'any number of' : 'one'} ${RECORD_WORDS[operation.kind].title} (${RECORD_WORDS[operation.kind].holds})`,
		`- Effect: ${operation.effect} - ${operation.consuming === true ? 'sent once, because the vendor returns its answer only once' : EFFECTS[operation.effect]}`,
		`- Vendor's method: \`${operation.route}\`, ${sourceOf(evidence)}`,
		...(evidence.note === undefined ? [] : [`- Note: ${evidence.note}`]),
		'',
	];
}

function triggerPart(trigger: AnyTrigger): string[] {
	const { evidence, adds = {}, source } = trigger;
	const lookBack = typeof source === 'object' ? lookBackOf(source) : undefined;
	const words = RECORD_WORDS[trigger.kind];
	return [
		`### ${trigger.title} (\`${trigger.name}\`)`,
		'',
		trigger.description.replace(/([^.])$/, '$1.'),
		'',
		...fieldTable(trigger.params as Fields),
		'',
		`- Each event: ${words.title} (${words.holds})${Object.entries(adds)
			.map(([name, about]) => `; \`${name}\`: ${about.charAt(0).toLowerCase()}${about.slice(1)}`)
			.join('')}`,
		...(lookBack === undefined ? [] : [`- Look-Back if left empty: ${String(lookBack)} minutes`]),
		`- Source: ${sourceOf(evidence)}`,
		...(evidence.note === undefined ? [] : [`- Note: ${evidence.note.trim()}`]),
		'',
		...(trigger.queue === true ? ACKNOWLEDGING : []),
	];
}

/** A queue's messages stay with the vendor until they are acknowledged. */
const ACKNOWLEDGING = [
	'#### When messages are acknowledged',
	'',
	'Ctrack Queue Trigger in n8n delivers one batch at a time. *Acknowledge* decides when the vendor may delete it:',
	'',
	'| | The execution succeeds | It fails or takes too long | It is stopped, or n8n or its worker ends | It waits (Wait node, form, approval, sub-workflow) |',
	'|---|---|---|---|---|',
	'| When the Execution Succeeds | acknowledged | they come again, after growing pauses | they come again | They stay open, and no others are delivered: n8n does not report how such an execution ends. An Acknowledge operation after the wait ends that. An execution that is stopped while it waits gets them again. |',
	'| When the Execution Finishes | acknowledged | acknowledged | they come again | They stay open, and no others are delivered, until it is over. Then they are acknowledged. |',
	'| By an Acknowledge Operation Later in the Workflow | those that it has not acknowledged come again | as when it succeeds | as when it succeeds | They stay open, and no others are delivered, until it has acknowledged them or is over. |',
	'| Immediately | before it starts | before it starts | before it starts | before it starts |',
	'',
	'- n8n keeps waits of up to 65 seconds in memory: they count as running.',
	'- Open messages come again when the workflow is published again and when n8n restarts, even if an earlier execution still waits. Stop that execution. The vendor may count delivery tags from the start by then, so it could acknowledge other messages.',
	'- A node that fails with *On Error*: Continue does not count as a failure.',
	'- With workers (queue mode), the trigger does not learn of Acknowledge operations there. It acknowledges the batch when the execution succeeds.',
	'- With workers, it does not learn either how an execution ends that has waited. Move the waiting to another workflow, and start that with Execute Sub-workflow without waiting for it.',
	'',
	'The trigger in Node-RED acknowledges a batch when it has sent it. With *By an Acknowledge operation in the flow*, the flow has the time set to acknowledge messages. The others come again.',
	'',
];

const lookBackOf = (source: Source) => (source.type === 'stream' ? source.lookBackMinutes : undefined);

/** What a flow can start with. */
function triggersPart({ triggers, limits }: Provider): string[] {
	return [
		'## Triggers',
		'',
		`A trigger polls every ${String(limits.poll.seconds)} seconds by default. The shortest useful interval is ${String(limits.poll.leastSeconds)} seconds. Triggers of one account share their requests.`,
		'',
		'Every event has a stable `id`, the name of its `event`, `deviceId` and `time`, and says the [name and plate](names.md) of the device. `late` is true if a newer event of this device was delivered before. `doubtful` is true if `time` is in the future or far in the past: some clock is wrong.',
		'',
		'Each trigger that polls has its own filters and these settings:',
		'',
		...fieldTable({ ...deliveryFields, ...reportFields }),
		'',
		'With *Trigger Unwell*, the trigger sends the event `triggerUnwell` once when it has failed for long, and `triggerWellAgain` once when it works again. It remembers both over restarts. In n8n, they start the same workflow: check `event`. In Node-RED, they leave at a second output. They have `trigger` (name of its event), `since` (first failure), `lastSuccess`, `error` and `code`.',
		'',
		...triggers.flatMap(triggerPart),
	];
}

/** What became of a write or command, and how a flow continues. */
function outcomesPart({ operations }: Provider): string[] {
	if (operations.every(({ kind }) => kind !== 'commandOutcome')) return [];
	return [
		'## Outcomes',
		'',
		"Operations that change something return an Outcome. `explanation` says in a sentence what to check. `response` has the device's own words, if there are any. `outcome` is one of these:",
		'',
		'| `outcome` | Means |',
		'|---|---|',
		...Object.entries(OUTCOME_WORDS).map(([outcome, words]) => `| \`${outcome}\` | ${words} |`),
		'',
		'Continue after `confirmed` only. In n8n, use a Switch node on `{{ $json.outcome }}`; in Node-RED, a switch node on `msg.payload.outcome`.',
		'',
	];
}

function loginPart({ login, loginMethod }: Provider): string[] {
	if (login === undefined) return ["There is no login: the account's key goes with each request.", ''];
	if (loginMethod === undefined) return [];
	const { route, evidence } = loginMethod;
	return [`Login: \`${route}\`, ${sourceOf(evidence)}.`, ''];
}

/** A vendor's page: account, every operation with its parameters, what it gives and how sure it is. */
export function pageOf({
	provider,
	extent,
	covers,
	notes = [],
}: Pick<Vendor, 'provider' | 'extent' | 'covers' | 'notes'>): string {
	const resources = [...new Set(provider.operations.map(({ resource }) => resource))];
	const computed = provider.operations.filter(isComputed).length;
	const { requestsPerMinute, burst, deadlineMs } = provider.limits;
	return [
		`<!-- ${MADE} -->`,
		`# ${provider.title}`,
		'',
		`${provider.description}.`,
		'',
		`${String(provider.operations.length - computed)} operations${extent === undefined ? '' : `, ${extent}`}: ${covers}. ${String(computed)} more are computed from the history of positions ([which](trips.md)).`,
		'',
		'## Account',
		'',
		...fieldTable(provider.connection),
		'',
		burst > 1
			? `By default, Fleetwire makes at most ${String(requestsPerMinute)} requests a minute for all nodes of the account together: ${String(burst)} at once after a pause, 4 side by side. The vendor publishes no limit; this one is a guess. Change it with *Rate Limit* in the account.`
			: `By default, Fleetwire makes one request in ${String(60 / requestsPerMinute)} seconds for all nodes of the account together, as the vendor demands. Change it with *Rate Limit* in the account.`,
		'',
		`A run of an operation may take ${String(deadlineMs / 1000)} seconds, a single request 30 seconds.`,
		'',
		'If some of several devices fail, the records of the others are returned anyway: see [Partial results](partial-results.md).',
		'',
		...loginPart(provider),
		...notes.flatMap((note) => [note, '']),
		...resources.flatMap((resource) => [
			`## ${resourceTitle(provider, resource)} (\`${resource}\`)`,
			'',
			...provider.operations.filter((operation) => operation.resource === resource).flatMap(operationPart),
		]),
		...outcomesPart(provider),
		...triggersPart(provider),
		'## How sure it is',
		'',
		...Object.values(GRADES).map(({ word, meaning }) => `- ${word}: ${meaning}`),
		'',
	].join('\n');
}
