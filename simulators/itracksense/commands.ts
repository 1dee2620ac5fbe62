/**
 * What a client may have a device or its SIM card do (29 to 41), and what comes of it. Nothing is carried out by the
 * vehicle itself.
 */
import { stateAt } from '../fleet';
import { lastKnown, tripsEnding } from '../journeys';
import { DEVICE_PASSWORD, type Command, type Device, type Platform } from './platform';
import { statusText } from './status';

export interface DeviceMessage {
	msgType: 'Send' | 'Respond';
	body: string;
	time: number;
}

const ANSWERS_AFTER = 2;
const SMS_ANSWERS_AFTER = 30;

/** 29: what was sent to a device and what it said, newest first. Numbered from the oldest of all. */
export function messagesOf(platform: Platform, device: Device): (DeviceMessage & { id: number })[] {
	const messages: DeviceMessage[] = platform.commands
		.filter(({ deviceId }) => deviceId === device.id)
		.flatMap((command) => {
			const body = bodyOf(command);
			if (body === null) return [];
			const answered = command.time + ANSWERS_AFTER;
			const silent = device.vehicle.contact !== 'reporting' || answered > platform.now();
			const answer: DeviceMessage = {
				msgType: 'Respond',
				body: answerOf(command, device, answered),
				time: answered,
			};
			return [{ msgType: 'Send', body, time: command.time }, ...(silent ? [] : [answer])];
		});
	const first: DeviceMessage[] =
		device.vehicle.contact === 'never'
			? []
			: [
					{ msgType: 'Send', body: 'IP,193.193.165.165,20859,T#', time: device.vehicle.activated },
					{ msgType: 'Respond', body: ' IP:193.193.165.165:20859,T', time: device.vehicle.activated + 3 },
				];
	return [...first, ...messages]
		.sort((a, b) => a.time - b.time)
		.map((message, i) => ({ ...message, id: 22_350 + device.vehicle.index * 1000 + i }))
		.reverse();
}

function bodyOf({ section, content }: Command): string | null {
	switch (section) {
		case 30:
			return `LOCK,${DEVICE_PASSWORD},${content.OpenType}#`;
		case 31:
			return `TIMEDLOCK,${DEVICE_PASSWORD},${content.FixedTime}#`;
		case 37:
		case 38:
			return content.TextCommand!;
		case 39:
			return 'STATUS#';
		case 40:
			return 'PARAM#';
		case 41:
			return 'ICCID#';
		default:
			return null;
	}
}

function answerOf({ section, content }: Command, device: Device, time: number): string {
	if (section === 39) return `Device respond ( STATUS),${statusText(device, stateAt(device.vehicle, time))}`;
	if (section === 40) return ' IP:193.193.165.165:20859,UPLOAD:10,PASSWORD:******';
	if (section === 41) return ` ICCID:${device.vehicle.iccid}`;
	return ` ${(content.TextCommand ?? 'LOCK').replace(/#$/, '').replace(',', ':')} OK`;
}

export interface LockEvent {
	info: 'lock on' | 'lock off' | 'Unlocked & Pole/Rope in Lock' | 'Unlocked & Pole/Rope out Lock';
	time: number;
}

/** 32: from the stops of a vehicle and from the commands to its lock, newest first. */
export function lockEvents(platform: Platform, device: Device, begin: number, end: number): LockEvent[] {
	if (!device.isLock) return [];
	const until = lastKnown(device.vehicle, Math.min(end, platform.now())) ?? 0;
	const byHand = tripsEnding(device.vehicle, begin, until).flatMap(({ end: { time } }): LockEvent[] => [
		{ info: 'lock off', time: time + 20 },
		{ info: 'Unlocked & Pole/Rope out Lock', time: time + 23 },
		{ info: 'Unlocked & Pole/Rope in Lock', time: time + 70 },
		{ info: 'lock on', time: time + 75 },
	]);
	const remote = platform.commands.flatMap(({ section, deviceId, content, time }): LockEvent[] => {
		if (deviceId !== device.id) return [];
		if (section === 30)
			return [{ info: content.OpenType === '1' ? 'lock off' : 'lock on', time: time + ANSWERS_AFTER }];
		if (section === 31) return [{ info: 'lock off', time: Number(content.time) }];
		return [];
	});
	return [...byHand, ...remote].filter(({ time }) => time >= begin && time <= until).sort((a, b) => b.time - a.time);
}

export interface Sms {
	time: number;
	content: string;
	type: 'MT' | 'MO';
	status: 'Delivered' | 'Reply' | 'Failed';
}

/** 36: oldest first. A card that is switched off takes nothing. */
export function smsOf(platform: Platform, { id, vehicle }: Device, begin: number, end: number): Sms[] {
	return platform.commands
		.filter(({ section, deviceId }) => section === 35 && deviceId === id)
		.flatMap(({ time, content }): Sms[] => {
			const sent: Sms = {
				time,
				content: content.Content!,
				type: 'MT',
				status: content.delivered === 'true' ? 'Delivered' : 'Failed',
			};
			const answered = time + SMS_ANSWERS_AFTER;
			if (sent.status === 'Failed' || vehicle.contact !== 'reporting' || answered > platform.now()) return [sent];
			return [
				sent,
				{ time: answered, content: `${sent.content.replace(/#$/, '')} OK`, type: 'MO', status: 'Reply' },
			];
		})
		.filter(({ time }) => time >= begin && time <= end)
		.sort((a, b) => a.time - b.time);
}
