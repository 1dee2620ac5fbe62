import { UnexpectedAnswer } from '../describe/errors';
import { fillRoute, type AnyOperation } from '../describe/operation';
import { deniedByHttp } from '../describe/outcome';
import type { Row } from '../describe/records';
import { takeBreak } from './blocks';
import { SendLoop, type Call, type Sender } from './send-loop';

/** Characters: reading more JSON takes long enough. */
const LONG = 1024 * 1024;

/** The parameters of one request. */
export type Wire = Readonly<Record<string, unknown>>;

/**
 * Builds one request of an operation, sends it, and reads the answer.
 * @param onAnswer gets the answer that the rows are read from
 * @throws FleetError
 */
export async function requestRows(
	sender: Sender,
	operation: AnyOperation,
	wire: Wire,
	call: Call,
	onAnswer?: (answer: unknown) => void,
): Promise<Row[]> {
	const { provider, connection } = sender;
	const route = provider.route?.(operation, connection) ?? operation.route;
	const request = { ...fillRoute(route, wire), ...operation.request(wire, connection) };
	const { data, status, length, endTurn } = await new SendLoop(sender, operation, request, call).run();
	try {
		if (length > LONG) await takeBreak(sender.host);
		const answer = operation.answer.safeParse(data);
		if (!answer.success) throw undocumented(operation, answer.error, provider.title);
		onAnswer?.(answer.data);
		const rows = operation.rows(answer.data, wire, connection) as Row[];
		return operation.effect === 'read' ? rows : rows.map((row) => deniedByHttp(row, status, request.method));
	} finally {
		endTurn();
	}
}

interface Issue {
	path: PropertyKey[];
	message: string;
	/** What the checker wanted, where it is about that. */
	expected?: unknown;
}

/** The checker's names of forms, in words for people. */
const FORMS: Readonly<Record<string, string>> = {
	object: 'an object',
	record: 'an object',
	array: 'a list',
	tuple: 'a list',
	string: 'a text',
	number: 'a number',
	int: 'a whole number',
	boolean: 'true or false',
};
/** How the checker's own sentences begin, where a vendor's check has none. */
const OWN_WORDS = /^(?:Invalid|Too|Unrecognized)\b/;

function problemOf({ message, expected }: Issue): string {
	if (!OWN_WORDS.test(message)) return message;
	const form = typeof expected === 'string' ? FORMS[expected] : undefined;
	return form === undefined ? 'wrong form' : `not ${form}`;
}

function undocumented(operation: AnyOperation, error: { issues: readonly Issue[] }, vendor: string): UnexpectedAnswer {
	const [issue] = error.issues;
	const where = issue === undefined || issue.path.length === 0 ? 'its data' : `"${issue.path.map(String).join('.')}"`;
	return new UnexpectedAnswer(
		`${vendor} answered "${operation.title}" in a form that is not documented (${where}: ${issue === undefined ? 'wrong form' : problemOf(issue)}).`,
		{
			advice: 'Please report it with the operation that you ran.',
			effect: operation.effect === 'read' && !operation.consuming ? 'none' : 'unknown',
		},
	);
}
