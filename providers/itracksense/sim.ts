import { choice, text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { countOf, identityOf, recordId, rowsOf } from '../../core/describe/read';
import type { DeviceMessage, Row, SimCard } from '../../core/describe/records';
import { period, periodProblem } from '../period';
import { acknowledged, done, handedOver, listInList, object } from './answer';
import { iccid } from './fields';
import { method, NO_CODES } from './method';
import { periodBody, timesOf } from './times';
import { trimmed, trimmedId } from './values';

const acting = {
	resource: 'sim',
	effect: 'command',
	answer: acknowledged,
} as const;

/** "2024-01-05" (section 33) is a day, not a moment; with a time it is one. */
const dateOf = (value: unknown, iso: (value: unknown) => string | null) =>
	typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value.trim()) && !Number.isNaN(Date.parse(value))
		? value.trim()
		: iso(value);

export const get = operation({
	resource: 'sim',
	name: 'get',
	title: 'Get',
	action: 'Get a SIM card',
	description: 'Get number, package, status, volumes and due dates of a SIM card',
	effect: 'read',
	params: { iccid },
	request: (params) => ({ json: { ICCID: params.iccid } }),
	answer: object,
	record: (row: Row, _, connection): SimCard => {
		const iso = (value: unknown) => timesOf(connection).iso(value);
		return {
			deviceName: null,
			plate: null,
			simNumber: trimmed(row.SIM),
			status: trimmed(row.Status),
			sessionStatus: trimmed(row.SessionStatus),
			packageName: trimmed(row.PackageName),
			dataAllowance: countOf(row.UsageAmount),
			dataCount: countOf(row.UsageData),
			smsAllowance: countOf(row.SMSAmount),
			smsCount: countOf(row.SMSData),
			operator: trimmed(row.OperatorCountry),
			technology: trimmed(row.AccessTechnology),
			ipAddress: trimmed(row.IpAddress),
			tag: trimmed(row.Tag),
			remark: trimmed(row.Remark),
			activatedAt: dateOf(row.Actived, iso),
			expiresAt: dateOf(row.EndDate, iso),
			createdAt: dateOf(row.CreateDate, iso),
			imsi: trimmed(row.IMSI),
			iccid: identityOf(trimmedId(row.ICCID), 'ICCID'),
			deviceId: trimmedId(row.DeviceID),
		};
	},
	kind: 'simCard',
	...method(33, `${NO_CODES} Whether UsageData and SMSData count what is used or what is left is not said.`),
});

export const setStatus = operation({
	...acting,
	name: 'setStatus',
	title: 'Set Status',
	action: 'Activate or deactivate a SIM card',
	description: 'Switch a SIM card on or off, once. Without its SIM card a device cannot report or be reached.',
	params: {
		iccid,
		status: choice({
			title: 'Status',
			description: 'New state of the SIM card',
			options: [
				{ value: 'Activate', title: 'Active' },
				{ value: 'Deactivate', title: 'Not Active' },
			],
		}),
	},
	request: (params) => ({ json: { ICCID: params.iccid, Status: params.status } }),
	target: (params) => ({ target: params.iccid, command: params.status }),
	rows: (answer) => [done(answer)],
	...method(34, NO_CODES),
});

export const sendSms = operation({
	...acting,
	name: 'sendSms',
	title: 'Send SMS',
	action: 'Send an SMS to a SIM card',
	description:
		'Send a text message to a SIM card, once. Its device may take it as a command; what it answers is in Get Messages.',
	params: {
		iccid,
		content: text({ title: 'Content', description: 'Text of the message', placeholder: 'e.g. STATUS#', max: 500 }),
	},
	request: (params) => ({ json: { ICCID: params.iccid, Content: params.content } }),
	target: (params) => ({ target: params.iccid, command: params.content }),
	rows: (answer) => [handedOver(answer)],
	...method(35, NO_CODES),
});

/** To the device: "mobile terminated"; from it: "mobile originated". */
const DIRECTIONS: ReadonlyMap<string, DeviceMessage['direction']> = new Map([
	['MT', 'toDevice'],
	['MO', 'fromDevice'],
]);

export const getMessages = operation({
	resource: 'sim',
	name: 'getMessages',
	title: 'Get Messages',
	action: 'Get the messages of a SIM card',
	description: 'Get the text messages that a SIM card got and sent in a period',
	effect: 'read',
	params: { iccid, ...period() },
	request: ({ iccid: number, ...asked }, connection) => ({
		json: { ICCID: number, ...periodBody(asked, connection) },
	}),
	answer: listInList,
	rows: ({ List }) => rowsOf(List, 'a message'),
	record: (row, params, connection): DeviceMessage => {
		const of = trimmedId(row.ICCID) ?? params.iccid;
		const times = timesOf(connection);
		const kind = trimmed(row.MType);
		const content = trimmed(row.Content);
		return {
			deviceName: null,
			plate: null,
			time: times.iso(row.CreateTime),
			direction: DIRECTIONS.get(kind ?? '') ?? null,
			text: content,
			status: trimmed(row.Status),
			iccid: of,
			deviceId: null,
			id: recordId(of, times.inId(row.CreateTime), trimmedId(row.MType), trimmedId(row.Content)),
		};
	},
	kind: 'deviceMessage',
	list: true,
	check: periodProblem,
	...method(36, NO_CODES),
});
