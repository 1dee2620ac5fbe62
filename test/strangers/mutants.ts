import type { Change } from '../support/changed-modules';

/** A fault that the runs must notice: put into the product's source. */
export interface Mutant {
	name: string;
	changes: Change[];
	/** Where it must be noticed: a vendor, and what is tried with it. */
	vendor: string;
	what: string;
}

/** Runs within which each must be noticed, from the seed on. */
export const MOST_RUNS = 1000;
export const SEED = 20_260_318;

const change = (file: string, from: string, to: string): Change[] => [{ file, from, to }];
const at = (vendor: string, what: string) => ({ vendor, what });

const PROTRACK = '../providers/protrack/answer.ts';
const WORDS = '../providers/protrack/device-answer.ts';
const COMMAND = '../providers/protrack/command.ts';
const CTRACK = '../providers/ctrack/answer.ts';
const ITRACKSENSE = '../providers/itracksense/answer.ts';
const TRACKGPS = '../providers/trackgps/answer.ts';
const INTEGER = '../providers/integer.ts';
const READ = 'describe/read.ts';
const SIMPLIFY = 'call/simplify.ts';
const LOOP = 'call/send-loop.ts';
const PAGES = 'call/pages.ts';
const REFUSALS = 'call/refusals.ts';

const ANY_NUMBER = 'z.unknown().transform((value) => Number(value)),';

export const MUTANTS: readonly Mutant[] = [
	{
		name: 'a device that says anything has done it',
		changes: change(
			WORDS,
			"if (words.length > LONGEST) return 'answered';",
			"if (words !== '') return 'confirmed';",
		),
		...at('trackceo', 'command.send'),
	},
	{
		name: 'a device whose answer has a word of success has done it',
		changes: change(
			WORDS,
			"if (words.length > LONGEST) return 'answered';",
			"if (/success|ok/i.test(words)) return 'confirmed';",
		),
		...at('trackceo', 'command.send'),
	},
	{
		name: 'a state that cannot be read is an answer',
		changes: change(
			COMMAND,
			'if (!status.success)',
			'if (!status.success) return true; if (status.success === undefined)',
		),
		...at('trackceo', 'command.send'),
	},
	{
		name: 'no data is success of a write',
		changes: change(
			PROTRACK,
			"if (code === NO_DATA && effect === 'read') return undefined;",
			'if (code === NO_DATA) return undefined;',
		),
		...at('trackceo', 'subAccount.block'),
	},
	{
		name: 'a write is done whatever is said beside code 0',
		changes: change(PROTRACK, "(effect !== 'read' && !isWell(message))", "(effect !== 'read' && message === 0)"),
		...at('trackceo', 'subAccount.block'),
	},
	{
		name: 'a code of any form is a number (Protrack, write)',
		changes: change(INTEGER, 'z.number().int(),', ANY_NUMBER),
		...at('trackceo', 'subAccount.block'),
	},
	{
		name: 'a code of any form is a number (Protrack, read)',
		changes: change(INTEGER, 'z.number().int(),', ANY_NUMBER),
		...at('trackceo', 'device.getMany'),
	},
	{
		name: 'a code as text is not read',
		changes: change(INTEGER, '.regex(/^\\s*-?\\d+\\s*$/)', '.regex(/^none$/)'),
		...at('etrack', 'device.getMany'),
	},
	{
		name: 'HTTP 202 is done',
		changes: change(
			'describe/outcome.ts',
			'const DONE: readonly number[] = [200, 201];',
			'const DONE: readonly number[] = [200, 201, 202];',
		),
		...at('trackceo', 'subAccount.block'),
	},
	{
		name: 'an undocumented refusal sends a command again',
		changes: [
			...change(LOOP, 'error.unexplained && !error.tooOften && this.repeatable', 'error.unexplained'),
			...change(LOOP, "(this.repeatable || error.effect === 'none')", 'true'),
		],
		...at('itracksense', 'command.send'),
	},
	{
		name: 'a refusal in words that the document does not have means a session that is over',
		changes: change(
			ITRACKSENSE,
			"return failure(PARAMETER, '401', { status, words, unexplained: true });",
			"return failure(SESSION, '401', { status, words });",
		),
		...at('itracksense', 'command.send'),
	},
	{
		name: 'a write is tried again after a fault',
		changes: change(LOOP, 'if (!mayWait || !error.retryable', 'if (!error.retryable'),
		...at('itracksense', 'command.send'),
	},
	{
		name: 'odd words beside a success of iTracksense count for nothing',
		changes: change(ITRACKSENSE, 'said !== null && !WELL.test(said)', "said === 'never'"),
		...at('itracksense', 'command.send'),
	},
	{
		name: 'an ErrorCode that is neither number nor text is none',
		changes: change(
			CTRACK,
			"if (typeof value !== 'string' && !Number.isFinite(value))",
			"if (typeof value !== 'string' && !Number.isFinite(value)) return undefined;\n\tif (value === '\\0')",
		),
		...at('ctrack', 'queue.subscribe'),
	},
	{
		name: 'one element that is no record costs the rest',
		changes: change(SIMPLIFY, 'this.first ??= asFleetError(thrown);', 'throw thrown;'),
		...at('trackgps', 'device.getMany'),
	},
	{
		name: 'elements that are no records are left out without a word',
		changes: change(SIMPLIFY, 'this.first ??= asFleetError(thrown);', 'void thrown;'),
		...at('trackgps', 'device.getMany'),
	},
	{
		name: 'a number that is missing is 0',
		changes: change(
			READ,
			"if (typeof value !== 'string') return null;\n\tconst number = Number(value);",
			"if (typeof value !== 'string') return 0;\n\tconst number = Number(value);",
		),
		...at('itracksense', 'position.getCurrent'),
	},
	{
		name: 'an empty text is the number 0',
		changes: change(READ, "(number !== 0 || value.trim() !== '')", '(number !== 0 || value.length < 9)'),
		...at('trackceo', 'alarm.getMany'),
	},
	{
		name: 'a place off the earth is a place',
		changes: change(READ, 'Math.abs(lat) <= 90 && Math.abs(lon) <= 180 &&', ''),
		...at('trackgps', 'position.getCurrent'),
	},
	{
		name: 'a course beyond the circle is a course',
		changes: change(READ, 'course !== null && course <= 360', 'course !== null'),
		...at('trackgps', 'position.getCurrent'),
	},
	{
		name: 'a speed below zero is a speed',
		changes: change(READ, 'number === null || number < 0 ? null : number', 'number'),
		...at('trackgps', 'position.getCurrent'),
	},
	{
		name: 'a comma is the decimal sign wherever it stands',
		changes: change(READ, '/^[+-]?(?:\\d+,(?:\\d{1,2}|\\d{4,15})|0+,\\d{1,15})$/', '/^[+-]?\\d+,\\d+$/'),
		...at('ctrack', 'trip.getMany'),
	},
	{
		name: "TrackGPS.ro's keys are read in one case only",
		changes: change(TRACKGPS, 'return values.get(name.toLowerCase());', 'return undefined;'),
		...at('trackgps', 'device.getMany'),
	},
	{
		name: 'days and months are read in one order',
		changes: change(
			'describe/time.ts',
			"if (sign === '.' || a > 12 || a === b) return [c, b, a];",
			'return [c, b, a];',
		),
		...at('trackgps', 'fuel.getRefills'),
	},
	{
		name: 'a time that cannot be read is not told of',
		changes: change(
			'../providers/trackgps/times.ts',
			"if (at === undefined) return unread('a time', value);",
			'if (at === undefined) return null;',
		),
		...at('trackgps', 'position.getHistory'),
	},
	{
		name: 'what cannot be read shares an identity',
		changes: change(READ, 'if (read !== null) return read;', "return read ?? '';"),
		...at('trackgps', 'fuel.getRefills'),
	},
	{
		name: 'refused devices are not named',
		changes: change(
			'call/device-requests.ts',
			'return answered.size === 0 && alike.size <= 1 ? first : partialResult(devices, all.size);',
			'return first;',
		),
		...at('trackgps', 'position.getHistory'),
	},
	{
		name: 'a refused device costs the others',
		changes: change(
			'call/device-requests.ts',
			'if (left.length > 1 && refusal(error)) return await inParts(left, error);',
			'',
		),
		...at('trackgps', 'position.getHistory'),
	},
	{
		name: 'a refusal by the HTTP status alone is a setting of the user',
		changes: change(
			'describe/errors.ts',
			"export class NotPermitted extends FleetError {\n\treadonly code = 'NotPermitted';\n\tprotected defaults({ vendorCode, status }: FleetErrorDetails): Partial<ErrorPolicy> {\n\t\tconst own = vendorCode === undefined && status === undefined;",
			"export class NotPermitted extends FleetError {\n\treadonly code = 'NotPermitted';\n\tprotected defaults({ vendorCode }: FleetErrorDetails): Partial<ErrorPolicy> {\n\t\tconst own = vendorCode === undefined;",
		),
		...at('trackgps', 'position.getHistory'),
	},
	{
		name: 'what the vendor counts and does not send is not told of',
		changes: change(
			'../providers/itracksense/history.ts',
			'missing = Math.max(0, (total ?? 0) - sent);',
			'missing = Math.max(0, (total ?? 0) * 0 - sent);',
		),
		...at('itracksense', 'position.getHistory'),
	},
	{
		name: 'a sum lacks a window',
		changes: change(
			'../providers/protrack/device.ts',
			'for (const imei of absent) incomplete.add(imei);',
			'void absent;',
		),
		...at('trackceo', 'device.getMileage'),
	},
	{
		name: 'messages of a queue are known by vehicle and second',
		changes: change(
			'../providers/ctrack/queue.ts',
			'wholeInId(Object.fromEntries(rest))',
			"wholeInId({ at: Object.fromEntries(rest)['EventTimeUTC'] })",
		),
		...at('ctrack', 'queue positions'),
	},
	{
		name: 'acknowledging in vain goes on without end',
		changes: change('watch/queue-consumer.ts', 'if (inVain) return this.nothingNew();', '').concat(
			change('watch/queue-consumer.ts', '} while (this.client.now() < deadline);', '} while (deadline > 0);'),
		),
		...at('ctrack', 'queue positions'),
	},
	{
		name: 'a record with an error of its own keeps its values',
		changes: change(
			'../providers/ctrack/position.ts',
			"return withItsError(row, { ...position, id }, ['deviceId', 'id']);",
			'return { ...position, id };',
		),
		...at('ctrack', 'position.getCurrent'),
	},
	{
		name: 'a login that fails for a fault of the vendor stops the triggers',
		changes: change('watch/poll.ts', 'this.stop ||= error.permanent;', 'this.stop = true;'),
		...at('itracksense', 'trigger positionChanged'),
	},
	{
		name: 'a fix of the future hides those that follow',
		changes: change(
			'watch/position-triggers.ts',
			'!falls && !isAhead(last.time, now) && time < last.time',
			'!falls && time < last.time',
		),
		...at('trackceo', 'trigger positionChanged'),
	},
	{
		name: 'the last record of a page is the newest, in whatever order it comes',
		changes: change(PAGES, 'else if (!ascends(marks)) return await this.inShorter(page, marks, until);', ''),
		...at('trackceo', 'alarm.getMany'),
	},
	{
		name: 'a second that fills a page is the last',
		changes: change(PAGES, 'this.done = this.at > Math.min(this.until, this.end);', 'this.done = true;'),
		...at('trackceo', 'alarm.getMany'),
	},
	{
		name: 'what a second holds beyond a page is not told of',
		changes: change(PAGES, 'this.cannotBeHad(page, at);\n\t\tthis.at = at + 1;', 'this.at = at + 1;'),
		...at('trackceo', 'alarm.getMany'),
	},
	{
		name: 'a list at which the vendor stops is whole',
		changes: change(
			'../providers/protrack/whole-list.ts',
			'const LIST_STOPS_AT = 500;',
			'const LIST_STOPS_AT = 5000;',
		),
		...at('trackceo', 'device.getMany'),
	},
	{
		name: 'where all devices are refused, each is asked about',
		changes: [
			...change(REFUSALS, 'this.requests >= this.mostRequests', 'this.requests > 5000'),
			...change(REFUSALS, 'const ALIKE_AGAIN = 4;', 'const ALIKE_AGAIN = 12;'),
		],
		...at('trackceo', 'trigger positionChanged'),
	},
	{
		name: 'where no answer can be read, each device is asked about',
		changes: change(REFUSALS, 'error.unexplained ||', 'error.unexplained !== error.unexplained ||').concat(
			change(REFUSALS, '(error.unreadable && error.vendorCode', '(!error.unreadable && error.vendorCode'),
		),
		...at('trackceo', 'trigger positionChanged'),
	},
	{
		name: 'the words of a refusal are dropped',
		changes: change(TRACKGPS, 'allReasons(body, parsedBody)', 'allReasons("", undefined)'),
		...at('trackgps', 'position.getHistory'),
	},
];
