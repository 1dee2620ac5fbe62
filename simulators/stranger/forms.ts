/** Oddities that any vendor's answers may have. */
import type { Answer } from '../exchange';
import { FURTHER, isRow, jsonOf, keyIn, listsOf, MADE_UP, objectsOf, ofBody, ofRows, put, withBody } from './answers';
import type { Oddity, Row, Visit } from './stranger';

/** What may stand in a list instead of a record. */
const NO_RECORDS: readonly unknown[] = [null, '', 7, [], true, [[]], '{"imei":"35889905'];
const NO_TEXTS: readonly string[] = ['null', '7', '1,114.05', '[]'];

const reversed = (value: unknown): unknown =>
	Array.isArray(value)
		? value.map(reversed)
		: isRow(value)
			? Object.fromEntries(
					Object.entries(value)
						.reverse()
						.map(([key, inner]) => [key, reversed(inner)]),
				)
			: value;

/** An oddity of the answer as HTTP carries it. */
const ofAnswer = (name: string, change: (answer: Answer, visit: Visit) => Answer): Oddity => ({
	name,
	of: 'reads',
	meet(visit) {
		if (visit.ways.isLogin(visit.request) || visit.ways.isWrite(visit.request)) return undefined;
		const answer = visit.pass();
		if (answer.code !== visit.ways.ok) return answer;
		visit.note('form');
		return change(answer, visit);
	},
});

const withType = (answer: Answer, type: string | undefined): Answer => {
	const { 'content-type': _, ...headers } = answer.headers;
	return { ...answer, headers: type === undefined ? headers : { ...headers, 'content-type': type } };
};

const FORMS: readonly Oddity[] = [
	ofBody('further keys in the envelope', 'form', (body) => {
		Object.assign(body, { traceId: '0af7651916cd43dd', elapsedMs: 12, note: null });
		return true;
	}),
	ofBody('a further list in the envelope', 'form', (body, { random, request, ways }) => {
		if (ways.undocumented?.(request) === true) return false;
		body[random.pick(FURTHER)] = random.pick([[], [{}], ['none'], [{ id: 1 }]]);
		return true;
	}),
	ofRows('further keys in records', 'form', (row) => {
		Object.assign(row, { revision: 3, hint: null, links: { self: '/x' }, flags: [] });
		return true;
	}),
	ofBody('keys in another order', 'form', (body) => {
		const other = reversed(body) as Row;
		for (const key of Object.keys(body)) Reflect.deleteProperty(body, key);
		Object.assign(body, other);
		return true;
	}),
	ofAnswer('blanks and line ends', (answer) => withBody(answer, JSON.stringify(jsonOf(answer), null, '\t') + '\r\n')),
	ofAnswer('signs written as \\u', (answer) =>
		withBody(
			answer,
			answer.body.replace(/[^\x00-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
		),
	),
	ofAnswer('another content type', (answer, { random }) =>
		withType(
			answer,
			random.pick([
				undefined,
				'text/plain',
				'text/html; charset=utf-8',
				'text/json',
				'APPLICATION/JSON;CHARSET=UTF-8',
				'application/octet-stream',
				'application/javascript',
			]),
		),
	),
];

/** Whether a text is a number that somebody could count with, and no id, phone number or plate. */
const COUNTS =
	/^(?:lat|lon|latitude|longitude|speed|maxspeed|course|direct|direction|mileage|todaymileage|battery|runningodo|tripodo|vehicleodo|distance|estimation|externalpowervoltage|value)$/i;

const NUMBERS: readonly Oddity[] = [
	ofRows('numbers as text', 'form', (row) => {
		let changed = false;
		for (const [key, value] of Object.entries(row)) {
			if (typeof value !== 'number' || !COUNTS.test(key)) continue;
			row[key] = String(value);
			changed = true;
		}
		return changed;
	}),
	ofRows('numbers with blanks and zeros', 'form', (row) => {
		let changed = false;
		for (const [key, value] of Object.entries(row)) {
			if (typeof value !== 'number' || !COUNTS.test(key) || !Number.isInteger(value)) continue;
			row[key] = ` ${String(value)}.0 `;
			changed = true;
		}
		return changed;
	}),
];

/** Values that are missing or worthless; nobody has to make a value of them, and nobody may. */
const WORTHLESS: readonly unknown[] = [null, '', undefined, 'N/A', '-', {}, [], 'null', '--'];

/** Values that cannot be. */
const IMPOSSIBLE: Readonly<Record<string, readonly unknown[]>> = {
	latitude: [91, -200, 4442.64],
	lat: [91, -200, 4442.64],
	longitude: [181, -999, 26102538],
	lon: [181, -999, 26102538],
	speed: [-5, -1],
	course: [361, -1, 4095],
	direct: [361, -1, 4095],
};

const VALUES: readonly Oddity[] = [
	ofRows('numbers with a decimal comma or a unit', 'value', (row, { random }) => {
		let changed = false;
		for (const [key, value] of Object.entries(row)) {
			if (typeof value !== 'number' || !COUNTS.test(key)) continue;
			row[key] = random.pick([
				String(value).replace('.', ','),
				`${String(value)} km`,
				`${String(value)}L`,
				`ca. ${String(value)}`,
				value.toLocaleString('en', { maximumFractionDigits: 20 }),
				value.toLocaleString('de', { maximumFractionDigits: 20, useGrouping: false }),
			]);
			changed = true;
		}
		return changed;
	}),
	ofRows(
		'values that cannot be',
		'value',
		(row, { random }) => {
			const key = random.pick(['', ...Object.keys(row).filter((one) => one.toLowerCase() in IMPOSSIBLE)]);
			if (key === '') return false;
			row[key] = random.pick(IMPOSSIBLE[key.toLowerCase()] ?? []);
			return true;
		},
		0.5,
	),
	ofRows(
		'truth values in other forms',
		'value',
		(row, { random }) => {
			let changed = false;
			for (const [key, value] of Object.entries(row)) {
				// As a number, a time would be the second 0 or 1.
				if (typeof value !== 'boolean' || /time$/i.test(key)) continue;
				row[key] = random.pick([String(value), Number(value), value ? 'True' : 'False', null, '', 'maybe']);
				changed = true;
			}
			return changed;
		},
		0.5,
	),
	ofRows(
		'numbers that are missing',
		'value',
		(row, { random }) => {
			let changed = false;
			for (const [key, value] of Object.entries(row)) {
				if (typeof value !== 'number' || !COUNTS.test(key) || random.chance(0.4)) continue;
				const worthless = random.pick(WORTHLESS);
				if (worthless === undefined) Reflect.deleteProperty(row, key);
				else row[key] = worthless;
				changed = true;
			}
			return changed;
		},
		0.5,
	),
];

const ROWS: readonly Oddity[] = [
	ofBody('elements that are no records', 'row', (body, { random }) => {
		let changed = false;
		for (const list of listsOf(body)) {
			const rows = [...list.rows];
			const odd = list.text ? NO_TEXTS : NO_RECORDS;
			for (let count = 1 + random.below(3); count > 0; count--)
				rows.splice(random.below(rows.length + 1), 0, random.pick(odd));
			put(list, rows);
			changed = true;
		}
		return changed;
	}),
	ofRows(
		'a record that does not say whose it is',
		'spoiled',
		(row, { random, ways }) => {
			const keys = ways.identity.map((name) => keyIn(row, name)).filter((key) => key !== undefined);
			if (keys.length === 0) return false;
			const nothing = random.pick([undefined, null, '']);
			for (const key of keys) {
				if (nothing === undefined) Reflect.deleteProperty(row, key);
				else row[key] = nothing;
			}
			return true;
		},
		0.2,
	),
];

/** A proxy or server that says no for a while, whatever the vendor thinks of it. */
const page = (status: number, headers: Record<string, string> = {}): Answer => ({
	status,
	headers: { 'content-type': 'text/html', ...headers },
	body: `<html><head><title>${String(status)}</title></head><body><center><h1>${String(status)}</h1></center></body></html>`,
	code: MADE_UP,
});

const FAULTS: readonly { name: string; answer: (visit: Visit) => Answer }[] = [
	{ name: 'a gateway that fails', answer: ({ random }) => page(random.pick([502, 503, 504, 500, 520])) },
	{ name: 'a page in place of an answer', answer: () => page(200) },
	{ name: 'an empty answer', answer: ({ pass }) => ({ ...pass(), body: '', code: MADE_UP }) },
	{
		name: 'half an answer',
		answer: ({ pass }) => {
			const answer = pass();
			return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)), code: MADE_UP };
		},
	},
	{
		name: 'throttled with an absurd wait',
		answer: () => page(429, { 'retry-after': '60497' }),
	},
];

/** Some requests of a read have no answer; `share` of them, or the first. */
const faults: readonly Oddity[] = FAULTS.map(({ name, answer }) => ({
	name,
	of: 'reads',
	meet(visit) {
		const { memory, random, ways, request, note } = visit;
		if (ways.isWrite(request)) return undefined;
		const share = (memory.get('share') ?? random.pick(['first', 0.3, 1])) as 'first' | number;
		memory.set('share', share);
		const struck = memory.has('struck');
		if (share === 'first' ? struck : !random.chance(share)) return undefined;
		memory.set('struck', true);
		note('fault');
		return answer(visit);
	},
}));

/** The vendor says that it went wrong, or nothing, in place of any data. */
export const unreadableCodes = (bodies: readonly unknown[]): Oddity => ({
	name: 'a read is answered with a code that is none',
	of: 'reads',
	meet({ ways, request, random, note }) {
		if (ways.isLogin(request) || ways.isWrite(request)) return undefined;
		note('fault');
		const headers = { 'content-type': 'application/json' };
		return { status: 200, headers, body: JSON.stringify(random.pick(bodies)), code: MADE_UP };
	},
});

/** One device is refused wherever it is named, with one of the vendor's codes. */
const deviceRefused: Oddity = {
	name: 'one device is refused',
	of: 'reads',
	meet(visit) {
		const { memory, random, ways, request, note } = visit;
		if (ways.isLogin(request) || ways.isWrite(request)) return undefined;
		const asked = ways.askedFor(request);
		if (asked.length === 0) return undefined;
		if (!memory.has('device')) {
			memory.set('device', random.pick(asked));
			memory.set('code', random.pick(ways.deviceCodes));
		}
		const device = memory.get('device') as string;
		if (!asked.includes(device)) return undefined;
		note('refusal', { names: [device] });
		return ways.refusal(memory.get('code') as number, '');
	},
};

/** A method that the account may not use, which the vendor says of each device. */
const methodRefused: Oddity = {
	name: 'a method that the account may not use',
	of: 'reads',
	meet(visit) {
		const { memory, random, ways, request, note } = visit;
		const asked = ways.askedFor(request);
		if (ways.isLogin(request) || ways.isWrite(request) || asked.length === 0) return undefined;
		const method = request.path.split('/').at(-1);
		if (!memory.has('method')) {
			memory.set('method', method);
			memory.set('code', random.pick(ways.deviceCodes));
		}
		if (memory.get('method') !== method) return undefined;
		const code = memory.get('code') as number | string;
		note('fault', { words: [typeof code === 'number' ? String(code) : '401'] });
		return ways.refusal(code, '');
	},
};

/** More devices than a list of Protrack's holds. */
export const MANY_DEVICES = 'a fleet of 520 devices';
const manyDevices: Oddity = {
	name: MANY_DEVICES,
	of: 'reads',
	at: /^(?:device\.getMany|position\.getCurrent(?:OfAll)?|trigger (?:positionChanged|deviceSilent))$/,
	world: { devices: 520 },
	meet: ({ ways, request, note }) => {
		if (!ways.isLogin(request)) note('form');
		return undefined;
	},
};

/** Everything in an answer under keys of another case. */
export const keyCase = (form: (key: string) => string): Oddity =>
	ofBody('keys in another case', 'form', (body) => {
		for (const row of [...objectsOf(body)]) {
			const entries = Object.entries(row);
			for (const [key] of entries) Reflect.deleteProperty(row, key);
			for (const [key, value] of entries) row[form(key)] = value;
		}
		return true;
	});

/**
 * The session ends, which the vendor says in some words, until somebody logs in again.
 * @param clear whether the words mean nothing else, and a session that was just renewed is renewed again
 */
export const sessionEnds = (
	name: string,
	refusals: (visit: Visit) => readonly Answer[],
	{ clear = false } = {},
): Oddity => ({
	name,
	of: 'reads',
	meet(visit) {
		const { memory, random, ways, request, note, young } = visit;
		if (ways.isLogin(request)) return undefined;
		const token = ways.tokenOf(request);
		if (token === undefined) return undefined;
		if (!memory.has('dead')) {
			memory.set('dead', token);
			memory.set('answer', random.pick(refusals(visit)));
		}
		if (memory.get('dead') !== token) return undefined;
		note('session', { young: young && !clear });
		return memory.get('answer') as Answer;
	},
});

/** A login that fails for a fault of the vendor. */
export const loginFails = (name: string, answers: readonly Answer[]): Oddity => ({
	name,
	meet({ ways, request, random, note }) {
		if (!ways.isLogin(request)) return undefined;
		note('fault');
		return random.pick(answers);
	},
});

/** How a write or command is answered, and what that says. */
export interface Said {
	answer: Answer | ((done: Answer) => Answer);
	/** Whether the vendor has done it. */
	done: boolean;
	atBest: 'confirmed' | 'sent' | 'unknown';
}

export const writesAnswered = (name: string, answers: readonly Said[]): Oddity => ({
	name,
	of: 'writes',
	meet({ ways, request, random, note, pass, memory }) {
		if (!ways.isWrite(request)) return undefined;
		const said = (memory.get('said') ?? random.pick(answers)) as Said;
		memory.set('said', said);
		const { answer, done, atBest } = said;
		if (done) pass();
		const changed = typeof answer === 'function' ? answer(pass()) : answer;
		note('outcome', { atBest, done, said: `HTTP ${String(changed.status)}: ${changed.body}` });
		return { ...changed, code: MADE_UP };
	},
});

export const OF_ANY: readonly Oddity[] = [
	...FORMS,
	...NUMBERS,
	...VALUES,
	...ROWS,
	...faults,
	deviceRefused,
	methodRefused,
	manyDevices,
];

export { page };
