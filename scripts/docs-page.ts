import { RECORD_WORDS, resourceTitle } from '../core/describe/resources';
import type { Field, Fields } from '../core/describe/field';
import type { AnyOperation, Effect, Grade } from '../core/describe/operation';
import { OUTCOME_WORDS } from '../core/describe/outcome';
import type { Provider } from '../core/describe/provider';
import type { Vendor } from '../providers/vendor';
import { MADE } from './n8n-files';
import { deliveryFields, type AnyTrigger, type Source } from '../core/describe/trigger';

const GRADES: Readonly<Record<Grade, string>> = {
	C: "certain: read in the vendor's document, or seen in independent working programs",
	L: 'likely: one indirect source, or a strong inference',
	G: 'a guess',
	U: 'unknown',
};
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
	id: 'from list or by name',
	ids: 'from list, or any number by name',
	json: 'JSON',
};

function fieldTable(fields: Fields): string[] {
	if (Object.keys(fields).length === 0) return ['No parameters.'];
	return [
		'| Parameter | Name in flows | Kind | Needed | Meaning |',
		'|---|---|---|---|---|',
		...Object.entries(fields).map(([name, field]) => {
			const options =
				field.options === undefined || field.options.length > 10
					? ''
					: ` One of: ${field.options.map(({ title, value }) => `${title} (\`${value}\`)`).join(', ')}.`;
			const kind = `${KINDS[field.kind]}${field.kind === 'text' ? (field.max === undefined ? '' : ` (up to ${String(field.max)} characters)`) : range(field)}`;
			return `| ${cell(field.title)} | \`${name}\` | ${kind} | ${field.required ? 'yes' : 'no'} | ${cell(field.description.replace(/([^.])$/, '$1.') + options)} |`;
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
		`- Gives: ${operation.list && operation.effect === 'read' ? 'any number of' : 'one'} ${RECORD_WORDS[operation.kind].title} (${RECORD_WORDS[operation.kind].holds})`,
		`- Effect: ${operation.effect} - ${operation.consuming === true ? 'sent once, as the vendor hands its answer out once' : EFFECTS[operation.effect]}`,
		`- Vendor's method: \`${operation.route}\`, section ${evidence.section}, grade ${evidence.grade}`,
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
		...(lookBack === undefined ? [] : [`- Look-back, unless told otherwise: ${String(lookBack)} minutes`]),
		`- Source: section ${evidence.section}, grade ${evidence.grade}`,
		...(evidence.note === undefined ? [] : [`- Note: ${evidence.note.trim()}`]),
		'',
		...(trigger.queue === true ? ACKNOWLEDGING : []),
	];
}

/** A queue's messages stay with the vendor until they are acknowledged. */
const ACKNOWLEDGING = [
	'#### When messages are acknowledged',
	'',
	'Ctrack Queue Trigger in n8n gives one batch at a time, and by *Acknowledge*:',
	'',
	'| | the execution succeeds | it fails or takes too long | it is stopped, or n8n or its worker ends | it waits (Wait node, form, approval, sub-workflow) |',
	'|---|---|---|---|---|',
	'| When the Execution Succeeds | acknowledged | they come again, later and later | they come again | stay open, and no others are given: n8n does not tell how such an execution ends. An Acknowledge operation after the wait ends that, and one that is stopped while it waits gets them again. |',
	'| When the Execution Finishes | acknowledged | acknowledged | they come again | stay open, and no others are given, until it is over: then they are acknowledged |',
	'| By an Acknowledge Operation Later in the Workflow | those that it has not acknowledged come again | as when it succeeds | as when it succeeds | stay open, and no others are given, until it has acknowledged them or is over |',
	'| Immediately | before it starts | before it starts | before it starts | before it starts |',
	'',
	'- n8n keeps waits of up to 65 seconds in memory: they count as running.',
	'- Open messages come again when the workflow is published anew and when n8n starts anew, also to a workflow whose earlier execution still waits. Stop that one: delivery tags may be counted anew by then, so that it would acknowledge other messages.',
	'- A failed node whose error goes on in the workflow (*On Error*: Continue) is no failure.',
	'- With workers (queue mode), the trigger does not hear what an Acknowledge operation does there: it acknowledges the batch when the execution succeeds. Nor does it hear of the end of an execution that has waited: let another workflow wait, started with Execute Sub-workflow without waiting for it.',
	'',
	'The trigger in Node-RED acknowledges a batch when it has been sent, or, with *By an Acknowledge operation in the flow*, what the flow acknowledges within the time set; the rest comes again.',
	'',
];

const lookBackOf = (source: Source) => (source.type === 'stream' ? source.lookBackMinutes : undefined);

/** What a flow can start with. */
function triggersPart({ triggers, limits }: Provider): string[] {
	return [
		'## Triggers',
		'',
		`A trigger polls; ${String(limits.poll.seconds)} s between two polls are proposed, and less than ${String(limits.poll.leastSeconds)} s make no sense with this vendor. Triggers of one account share what they ask. Every event has a stable \`id\`, the \`event\`'s name, \`deviceId\`, \`time\`, \`late\`: whether something newer of that device was given before, and \`doubtful\`: whether some clock is wrong, as its time is in the future or far in the past.`,
		'',
		'Beside its own filters, each trigger that polls has these:',
		'',
		...fieldTable(deliveryFields),
		'',
		...triggers.flatMap(triggerPart),
	];
}

/** What became of a write or command, and how a flow goes on from there. */
function outcomesPart({ operations }: Provider): string[] {
	if (operations.every(({ kind }) => kind !== 'commandOutcome')) return [];
	return [
		'## Outcomes',
		'',
		"What changes something gives an Outcome. Its `outcome` is one of these, its `explanation` says in a sentence what to check, and its `response` has the device's own words, where there are any:",
		'',
		'| `outcome` | Means |',
		'|---|---|',
		...Object.entries(OUTCOME_WORDS).map(([outcome, words]) => `| \`${outcome}\` | ${words} |`),
		'',
		'Let a flow branch on it, and go on after `confirmed` only: in n8n with a Switch node on `{{ $json.outcome }}`, in Node-RED with a switch node on `msg.payload.outcome`.',
		'',
	];
}

function loginPart({ login, loginMethod }: Provider): string[] {
	if (login === undefined) return ["There is no login: the account's key goes with each request.", ''];
	if (loginMethod === undefined) return [];
	const { route, evidence } = loginMethod;
	return [`Login: \`${route}\`, section ${evidence.section}, grade ${evidence.grade}.`, ''];
}

/** A vendor's page: account, every operation with its parameters, what it gives and how sure it is. */
export function pageOf({
	provider,
	extent,
	covers,
	notes = [],
}: Pick<Vendor, 'provider' | 'extent' | 'covers' | 'notes'>): string {
	const resources = [...new Set(provider.operations.map(({ resource }) => resource))];
	const { requestsPerMinute, burst, deadlineMs } = provider.limits;
	return [
		`<!-- ${MADE} -->`,
		`# ${provider.title}`,
		'',
		`${provider.description}.`,
		'',
		`${String(provider.operations.length)} operations${extent === undefined ? '' : `, ${extent}`}: ${covers}.`,
		'',
		'## Account',
		'',
		...fieldTable(provider.connection),
		'',
		burst > 1
			? `Unless the account says otherwise, Fleetwire makes at most ${String(requestsPerMinute)} requests a minute (${String(burst)} at once after a pause, 4 side by side), shared by all nodes of the account; grade G, as the vendor publishes no number.`
			: `Unless the account says otherwise, Fleetwire makes one request in ${String(60 / requestsPerMinute)} s, shared by all nodes of the account, as the vendor demands (grade C).`,
		'',
		`A run of an operation may take ${String(deadlineMs / 1000)} s in all, a single request 30 s.`,
		'',
		'If some of several devices fail, the records of the others come all the same: see [Partial results](partial-results.md).',
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
		'## Grades',
		'',
		...Object.entries(GRADES).map(([grade, words]) => `- ${grade}: ${words}`),
		'',
	].join('\n');
}
