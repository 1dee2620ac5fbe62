/** Chapter 2 of both documents, method by method. */
import { stateAt } from '../fleet';
import { accountRecord, type Account } from './accounts';
import { alarmsBetween, alarmText, listingDelay } from './alarms';
import { Refusal } from './codes';
import { queryCommand, sendCommand } from './commands';
import { deviceFixes, deviceRecord, devicesWithin, round, trackRecord, type Device } from './devices';
import type { Params } from './params';
import type { Edition } from './brand';
import type { Platform } from './platform';

const MAX_LIST = 500;
const HALF_HOUR = 1800;
const WEEK = 7 * 86_400;

/** What a method answers besides code 0: its `record`, or nothing. */
export type Handler = (platform: Platform, account: Account, params: Params) => unknown;

export interface Method {
	verb: 'GET' | 'POST';
	/** Left out: both. */
	edition?: Edition;
	handle: Handler;
}

/** All methods but the login (2.1). */
export const METHODS: Readonly<Record<string, Method>> = {
	'/api/track': { verb: 'GET', handle: track },
	'/api/playback': { verb: 'GET', handle: playback },
	'/api/geofence/create': { verb: 'POST', handle: createGeofence },
	'/api/command/send': { verb: 'POST', handle: sendCommand },
	'/api/command/query': { verb: 'POST', handle: queryCommand },
	'/api/device/list': { verb: 'GET', handle: listDevices },
	'/api/alarm/list': { verb: 'GET', handle: listAlarms },
	'/api/user/block': { verb: 'POST', handle: setBlocked(true) },
	'/api/user/unblock': { verb: 'POST', handle: setBlocked(false) },
	'/api/user/info': { verb: 'GET', handle: accountInfo },
	'/api/device/detail': { verb: 'GET', handle: deviceDetail },
	'/api/message/send': { verb: 'POST', handle: sendMessage },
	'/api/device/mileage': { verb: 'GET', handle: mileage },
	'/api/user/list': { verb: 'GET', handle: listAccounts },
	'/api/user/password/set': { verb: 'POST', edition: 'trackceo', handle: setPassword },
};

/** 2.2. */
function track(platform: Platform, account: Account, params: Params) {
	return platform
		.devicesFor(account, params.imeis())
		.map((device) => trackRecord(device, platform.now(), platform.settings));
}

/** 2.3. */
function playback(platform: Platform, account: Account, params: Params): string {
	params.require('imei', 'begintime', 'endtime');
	const device = platform.deviceWithRecords(account, params.imei());
	const [begin, end] = params.period();
	const { fixIntervalSeconds, stuckFixes, emptyPlayback, trailingSemicolon, fixesPerPage, recordOrder } =
		platform.settings;
	const ascending = recordOrder === 'ascending';
	let points: string[] = [];
	for (const fix of deviceFixes(device, begin, Math.min(end, platform.now()), fixIntervalSeconds, stuckFixes)) {
		points.push(
			[round(fix.longitude, 6), round(fix.latitude, 6), fix.time, Math.round(fix.speed), fix.course].join(','),
		);
		if (ascending && points.length === fixesPerPage) break;
	}
	if (!ascending) points = points.reverse().slice(0, fixesPerPage);
	if (points.length === 0 && emptyPlayback === 'nodata') throw new Refusal(20023);
	return points.join(';') + (trailingSemicolon && points.length > 0 ? ';' : '');
}

/** 2.4. */
function createGeofence(platform: Platform, account: Account, params: Params): void {
	params.require('imei', 'efencename', 'alarmtype', 'longitude', 'latitude', 'radius');
	const { imei } = platform.deviceFor(account, params.imei());
	platform.geofences.push({
		id: platform.devices.size + platform.geofences.length + 1,
		imei,
		name: params.text('efencename'),
		alarmtype: params.wholeBetween('alarmtype', 0, 2),
		longitude: params.number('longitude', -180, 180),
		latitude: params.number('latitude', -90, 90),
		radius: params.wholeBetween('radius', 100, 5000),
		created: platform.now(),
	});
}

/** 2.7. */
function listDevices(platform: Platform, account: Account, params: Params) {
	const top = platform.accountFor(account, params.optional('account') ?? account.account);
	const { deviceListScope, newerFields, refusedLists } = platform.settings;
	const refused = refusedLists.devices?.[top.account];
	if (refused !== undefined) throw new Refusal(refused);
	return devicesWithin(platform.devices.values(), top, deviceListScope)
		.slice(0, MAX_LIST)
		.map((device) => deviceRecord(device, newerFields));
}

/** 2.8. */
function listAlarms(platform: Platform, account: Account, params: Params): string {
	params.require('imei', 'begintime', 'endtime');
	const device = platform.deviceWithRecords(account, params.imei());
	const [begin, end] = params.period();
	const { emptyAlarms, shortAlarms, alarmDelaySeconds, alarmsPerPage, recordOrder } = platform.settings;
	const ascending = recordOrder === 'ascending';
	const now = platform.now();
	let alarms = alarmsBetween(
		platform.alarmsOf(device),
		begin,
		Math.min(end, now),
		ascending ? alarmsPerPage : Infinity,
		(alarm) => alarm.systemtime + listingDelay(device, alarm, alarmDelaySeconds) <= now,
	);
	if (!ascending) alarms = alarms.reverse().slice(0, alarmsPerPage);
	if (alarms.length === 0 && emptyAlarms === 'nodata') throw new Refusal(20023);
	return alarms.map((alarm) => alarmText(device, alarm, shortAlarms)).join(';');
}

/** 2.9, 2.10. */
function setBlocked(blocked: boolean): Handler {
	return (platform, account, params) => {
		platform.subAccountFor(account, params.text('account')).blocked = blocked;
	};
}

/** 2.11. */
function accountInfo(platform: Platform, account: Account, params: Params) {
	return accountRecord(platform.accountFor(account, params.text('account')));
}

/** 2.12. */
function deviceDetail(platform: Platform, account: Account, params: Params) {
	return platform
		.devicesFor(account, params.imeis())
		.map((device) => deviceRecord(device, platform.settings.newerFields));
}

/** 2.13. */
function sendMessage(platform: Platform, account: Account, params: Params): void {
	params.require('accounts', 'content');
	const accounts = params.list('accounts', 200);
	const content = params.text('content');
	if ([...content].length > 300) throw new Refusal(10006);
	for (const name of accounts) platform.accountFor(account, name);
	platform.messages.push({ account: account.account, accounts, content, time: platform.now() });
}

/** 2.14. */
function mileage(platform: Platform, account: Account, params: Params) {
	params.require('imeis', 'begintime', 'endtime');
	const imeis = params.imeis();
	const [begin, end] = params.period();
	if (begin % HALF_HOUR !== 0 || end % HALF_HOUR !== 0) throw new Refusal(10004);
	if (end - begin > WEEK) throw new Refusal(10006);
	if (platform.settings.unknownImei === 'error') for (const imei of imeis) platform.deviceWithRecords(account, imei);
	return platform.devicesFor(account, imeis).map((device) => ({
		imei: device.imei,
		mileage: round((odometerAt(device, end, platform) - odometerAt(device, begin, platform)) / 1000, 2),
	}));
}

/** What the platform had heard of an odometer by a time. */
function odometerAt({ vehicle, until }: Device, time: number, platform: Platform): number {
	if (vehicle.contact === 'never') return 0;
	const known = Math.min(time, platform.now(), until ?? Infinity, vehicle.silentSince ?? Infinity);
	return stateAt(vehicle, Math.max(known, vehicle.activated)).odometer;
}

/** 2.15. The document's sample begins with the account asked for. */
function listAccounts(platform: Platform, account: Account, params: Params) {
	const top = platform.accountFor(account, params.optional('account') ?? account.account);
	const refused = platform.settings.refusedLists.accounts?.[top.account];
	if (refused !== undefined) throw new Refusal(refused);
	return [top, ...top.children].slice(0, MAX_LIST).map(accountRecord);
}

/** 2.16. */
function setPassword(platform: Platform, account: Account, params: Params): void {
	params.require('account', 'password');
	const password = params.text('password');
	if (!/^[0-9a-f]{32}$/.test(password)) throw new Refusal(10004);
	platform.subAccountFor(account, params.text('account')).passwordHash = password;
}
