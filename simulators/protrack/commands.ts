/** Commands to devices (2.5, 2.6). */
import { immobilise, release, stateAt } from '../fleet';
import type { Account } from './accounts';
import { editionOf } from './brand';
import { Refusal } from './codes';
import { COMMANDS, deviceAnswer } from './device-answers';
import type { Device } from './devices';
import type { Params } from './params';
import type { Platform } from './platform';

const FIRST_ID = 0x1b454; // the id of the document's example

export function sendCommand(platform: Platform, account: Account, params: Params): { commandid: string } {
	params.require('imei', 'command');
	const device = platform.deviceFor(account, params.imei());
	const command = params.text('command');
	if (!COMMANDS.has(command) || (command === 'SET_MILEAGE' && editionOf(platform.settings.brand) === 'etrack'))
		throw new Refusal(20048);
	if (command === 'SET_MILEAGE') checkMileage(params.text('paramData'));
	checkReach(device);

	const { vehicle, answersAfter } = device;
	const now = platform.now();
	const answeredAt = answersAfter === null ? null : now + answersAfter;
	let response = '';
	if (answeredAt !== null) {
		const { text, carriesOut } = deviceAnswer(
			device.answers,
			command,
			Math.round(stateAt(vehicle, answeredAt).speed),
		);
		response = text;
		if (command === 'RELAY,1' && carriesOut) immobilise(vehicle, answeredAt);
		if (command === 'RELAY,0' && carriesOut) release(vehicle, answeredAt);
	}
	const id = (FIRST_ID + platform.commands.length).toString(16).toUpperCase();
	platform.commands.push({
		id,
		account: account.account,
		imei: device.imei,
		device,
		command,
		paramData: params.optional('paramData') ?? null,
		sentAt: now,
		answeredAt,
		response,
	});
	return { commandid: id };
}

export function queryCommand(
	platform: Platform,
	account: Account,
	params: Params,
): { response: string; commandstatus: 0 | 1 } {
	const id = params.text('commandid');
	const command = platform.commands.find((one) => one.id === id);
	if (!command) throw new Refusal(20005);
	platform.deviceFor(account, command.imei);
	const answered = command.answeredAt !== null && platform.now() >= command.answeredAt;
	return { response: answered ? command.response : '', commandstatus: answered ? 1 : 0 };
}

function checkMileage(paramData: string): void {
	let mileage: unknown;
	try {
		mileage = (JSON.parse(paramData) as { mileage?: unknown } | null)?.mileage;
	} catch {
		throw new Refusal(10004);
	}
	// A string, as in the document's example.
	if (typeof mileage !== 'string' || !/^\d+(\.\d+)?$/.test(mileage)) throw new Refusal(10004);
}

function checkReach({ role }: Device): void {
	if (role === 'blocked') throw new Refusal(20089);
	if (role === 'expired') throw new Refusal(20046);
	if (role === 'offline' || role === 'neverOnline') throw new Refusal(20017);
	if (role === 'sendFails') throw new Refusal(20018);
}
