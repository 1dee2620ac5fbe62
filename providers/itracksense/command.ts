import { text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { identityOf, recordId, rowsOf } from '../../core/describe/read';
import type { DeviceMessage } from '../../core/describe/records';
import { acknowledged, bareList, handedOver, type Acknowledgement } from './answer';
import { device } from './fields';
import { method, NO_CODES } from './method';
import { timesOf } from './times';
import { trimmed } from './values';

const acting = {
	resource: 'command',
	effect: 'command',
	answer: acknowledged,
	rows: (answer: Acknowledgement) => [handedOver(answer)],
} as const;
const answers = 'What the device answers is in Get Messages.';

const command = text({
	title: 'Command',
	description: 'Text of the command, as the manual of the device has it',
	placeholder: 'e.g. STATUS#',
	max: 500,
});
const sending = {
	...acting,
	params: { device, command },
	request: (params: { device: string; command: string }) => ({
		json: { DeviceID: params.device, TextCommand: params.command },
	}),
	target: (params: { device: string; command: string }) => ({ target: params.device, command: params.command }),
} as const;

export const send = operation({
	...sending,
	name: 'send',
	title: 'Send',
	action: 'Send a command to a device',
	description: `Send a text command to a device, once. ${answers}`,
	...method(37, NO_CODES),
});

export const sendHighLevel = operation({
	...sending,
	name: 'sendHighLevel',
	title: 'Send High-Level',
	action: 'Send a high-level command to a device',
	description: `Send a high-level text command to a device, once. ${answers}`,
	...method(38, `${NO_CODES} What makes a command high-level is not documented either.`),
});

const asking = {
	...acting,
	params: { device },
	request: (params: { device: string }) => ({ json: { DeviceID: params.device } }),
} as const;

export const requestStatus = operation({
	...asking,
	name: 'requestStatus',
	title: 'Request Status',
	action: 'Request the status of a device',
	description: `Have a device report its status, once. ${answers}`,
	target: (params) => ({ target: params.device, command: 'Query status' }),
	...method(39, NO_CODES),
});

export const requestParameters = operation({
	...asking,
	name: 'requestParameters',
	title: 'Request Parameters',
	action: 'Request the parameters of a device',
	description: `Have a device report its settings, once. ${answers}`,
	target: (params) => ({ target: params.device, command: 'Query parameters' }),
	...method(40, NO_CODES),
});

export const requestIccid = operation({
	...asking,
	name: 'requestIccid',
	title: 'Request ICCID',
	action: 'Request the ICCID of a device',
	description: `Have a device report the number of its SIM card, once. ${answers}`,
	target: (params) => ({ target: params.device, command: 'Query ICCID' }),
	...method(41, NO_CODES),
});

const DIRECTIONS: ReadonlyMap<string, DeviceMessage['direction']> = new Map([
	['send', 'toDevice'],
	['respond', 'fromDevice'],
]);

export const getMessages = operation({
	resource: 'command',
	name: 'getMessages',
	title: 'Get Messages',
	action: 'Get the messages of a device',
	description: 'Get the latest commands that were sent to a device, and what it answered',
	effect: 'read',
	params: { device },
	request: (params) => ({ json: { DeviceID: params.device } }),
	answer: bareList,
	rows: (answer) => rowsOf(answer, 'a message'),
	record: (row, params, connection): DeviceMessage => ({
		deviceName: null,
		plate: null,
		time: timesOf(connection).iso(row.SendTime),
		direction: DIRECTIONS.get(trimmed(row.MsgType)?.toLowerCase() ?? '') ?? null,
		text: trimmed(row.MsgBody),
		status: trimmed(row.MsgType),
		iccid: null,
		deviceId: params.device,
		id: recordId(params.device, identityOf(row.RecID, 'RecID')),
	}),
	kind: 'deviceMessage',
	list: true,
	...method(29, `${NO_CODES} How far back the records go is not documented either.`),
});
