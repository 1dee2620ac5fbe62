/** Sections 6 to 41 of the document, in its order. Each handler returns the Data of an answer. */
import { fixesBetween, scatter, stateAt, type VehicleState } from '../fleet';
import { litresFor, metresBetween } from '../journeys';
import { placeOf } from '../places';
import { distance } from '../routes';
import {
	alarmRecords,
	crossings,
	currentAlarms,
	regionOf,
	removalAlarms,
	stateOf,
	type Alarm,
	type Crossing,
} from './alarms';
import { Refusal, SYSTEM_ERROR } from './codes';
import { lockEvents, messagesOf, smsOf } from './commands';
import type { Params } from './params';
import type { Section } from './paths';
import { DEVICE_PASSWORD, type Account, type Device, type Platform } from './platform';
import { statusText } from './status';

export interface Context {
	platform: Platform;
	account: Account;
	params: Params;
	section: Section;
}

export type Handler = (context: Context) => unknown;

const DAY = 86_400;
const MAX_RECORDS = 50_000;
const LONGEST_NAME = 50;
/** How far the document's samples have GCJ-02 from WGS-84. A true conversion means nothing outside of China. */
const GCJ_SHIFT = { longitude: 0.004876, latitude: -0.003017 };
/** The device whose tracks cannot be corrected (26). */
const UNCORRECTABLE = 11;

export const METHODS: Readonly<Record<Exclude<Section, 4 | 5 | 42>, { handle: Handler; errMsg: string | null }>> = {
	6: { handle: deviceList, errMsg: null },
	7: { handle: statusByPlates, errMsg: null },
	8: { handle: statusByDevices, errMsg: null },
	9: { handle: history, errMsg: null },
	10: { handle: history, errMsg: null },
	11: { handle: alarmsNow, errMsg: null },
	12: { handle: address, errMsg: null },
	13: { handle: address, errMsg: null },
	14: { handle: mileage, errMsg: null },
	15: { handle: rename, errMsg: null },
	16: { handle: rename, errMsg: null },
	17: { handle: mileageAndFuel, errMsg: null },
	18: { handle: regions, errMsg: null },
	19: { handle: fenceRecords, errMsg: null },
	20: { handle: fenceRecords, errMsg: null },
	21: { handle: alarms, errMsg: null },
	22: { handle: alarms, errMsg: null },
	23: { handle: location, errMsg: null },
	24: { handle: location, errMsg: null },
	25: { handle: inFence, errMsg: null },
	26: { handle: track, errMsg: null },
	27: { handle: inBox, errMsg: null },
	28: { handle: removals, errMsg: null },
	29: { handle: messages, errMsg: 'Ok' },
	30: { handle: lock, errMsg: 'Success' },
	31: { handle: timedUnlock, errMsg: 'Success' },
	32: { handle: lockReport, errMsg: 'Success' },
	33: { handle: simDetail, errMsg: 'OK' },
	34: { handle: simStatus, errMsg: 'OK' },
	35: { handle: sendSms, errMsg: 'OK' },
	36: { handle: smsList, errMsg: 'OK' },
	37: { handle: textCommand, errMsg: 'OK' },
	38: { handle: textCommand, errMsg: 'OK' },
	39: { handle: queryCommand, errMsg: 'OK' },
	40: { handle: queryCommand, errMsg: 'OK' },
	41: { handle: queryCommand, errMsg: 'OK' },
};

/** 6. */
function deviceList({ platform, account, params }: Context) {
	const { firstPage, maxPageSize } = platform.settings;
	const page = Math.max(0, params.whole('PageIndex') - firstPage);
	const size = Math.min(params.whole('PageSize'), maxPageSize ?? Infinity);
	if (size < 1) throw params.refusal();
	const key = params.optional('Key') ?? '';
	const deviceType = params.optionalWhole('DeviceType');
	const status = params.optionalWhole('Status') ?? 0;
	const found = platform
		.devicesFor(account)
		.map((device) => listRecord(platform, device))
		.filter(
			(one) =>
				(one.DeviceID.includes(key) || one.VehiclePlate.includes(key)) &&
				(deviceType === undefined || one.DeviceType === deviceType) &&
				[true, one.isOnline, !one.isOnline, one.isAlarm, one.NoUsed, one.isFocus][status],
		);
	return { total: found.length, data: found.slice(page * size, (page + 1) * size) };
}

function listRecord(platform: Platform, device: Device) {
	const fix = platform.fixOf(device);
	return {
		DeviceID: device.id,
		VehiclePlate: device.plate,
		isOnline: platform.isOnline(fix),
		isAlarm: currentAlarms(device, fix, platform.now()).length > 0,
		DeviceType: device.deviceType,
		isFocus: device.isFocus,
		NoUsed: fix === null,
	};
}

/** 7. */
function statusByPlates({ platform, account, params }: Context) {
	const plates = params.list('VehiclePlates');
	const wanted = platform.devicesFor(account).filter(({ plate }) => plates.length === 0 || plates.includes(plate));
	return listOf(wanted.map((device) => statusRecord(platform, device)));
}

/** 8. */
function statusByDevices({ platform, account, params }: Context) {
	const ids = params.list('DeviceIDs');
	platform.mayName(account, ids, params.refusal());
	const wanted = platform.devicesFor(account).filter(({ id }) => ids.length === 0 || ids.includes(id));
	return listOf(wanted.map((device) => statusRecord(platform, device)));
}

function statusRecord(platform: Platform, device: Device) {
	const fix = platform.fixOf(device);
	const raised = currentAlarms(device, fix, platform.now());
	return {
		SIM: device.vehicle.sim,
		SIM2: device.id,
		ObjectCode: device.objectCode,
		VehicleNum: device.plate,
		GPSTime: fix && platform.text(fix.time),
		RcvTime: fix && platform.text(receivedAt(platform, device, fix)),
		Lon: round(fix?.longitude ?? 0, 6),
		Lat: round(fix?.latitude ?? 0, 6),
		Speed: round(fix?.speed ?? 0, 1),
		Direct: fix?.course ?? 0,
		Mileage: kilometres(fix?.odometer ?? 0),
		StatusDes: fix
			? statusText(device, fix, {
					at: platform.now(),
					alarms: raised.filter((type) => type.startsWith('communication')),
				})
			: '',
		OilNum: (fix?.fuelLitres ?? 0).toFixed(1),
		IsOnline: Number(platform.isOnline(fix)),
		IsAlarm: Number(raised.length > 0),
		Status: Number(fix?.ignition ?? false),
		IsReversal: 0,
	};
}

/** 9, 10: more than a day becomes three days, and nothing says so. */
function history({ platform, account, params, section }: Context) {
	const device =
		section === 9
			? required(platform.deviceByPlate(account, params.text('NumberPlateLists')), 4001)
			: required(platform.deviceById(account, params.text('DeviceID')), 4002);
	let [begin, end] = params.period();
	if (end - begin > DAY) {
		if (platform.settings.longHistory === 'fromStart') end = begin + 3 * DAY;
		else begin = end - 3 * DAY;
	}
	const records = [];
	for (const fix of fixesBetween(
		device.vehicle,
		begin,
		Math.min(end, platform.now()),
		platform.settings.fixIntervalSeconds,
	)) {
		const received = receivedAt(platform, device, fix);
		records.push({
			ObjectCode: device.objectCode,
			VehicleNum: device.plate,
			GPSTime: platform.text(fix.time),
			RcvTime: platform.text(received),
			Lon: round(fix.longitude, 6),
			Lat: round(fix.latitude, 6),
			Speed: round(fix.speed, 1),
			Direct: fix.course,
			Mileage: kilometres(fix.odometer),
			StatusDes: statusText(device, fix, { reupload: received - fix.time > 60 }),
			OilNum: fix.fuelLitres.toFixed(1),
			IsReversal: 0,
		});
	}
	return cut(records, platform);
}

/** 11. */
function alarmsNow({ platform, account, params }: Context) {
	const ids = params.list('DeviceID');
	platform.mayName(account, ids, params.refusal());
	const wanted = platform.devicesFor(account).filter(({ id }) => ids.length === 0 || ids.includes(id));
	return listOf(
		wanted.flatMap((device) => {
			const fix = platform.fixOf(device);
			if (!fix) return [];
			return currentAlarms(device, fix, platform.now()).map((type) => ({
				GPSTime: platform.text(fix.time),
				RcvTime: platform.text(receivedAt(platform, device, fix)),
				VehicleNum: device.plate,
				DeviceID: device.id,
				AlarmType: type,
				Speed: round(fix.speed, 1),
				Direct: fix.course,
				Lon: round(fix.longitude, 6),
				Lat: round(fix.latitude, 6),
			}));
		}),
	);
}

/** 12, 13: a plain string. */
function address({ platform, account, params, section }: Context) {
	const device = required(byPlateOrId(platform, account, params, section === 12), 4001);
	const fix = platform.fixOf(device);
	if (!fix) return '';
	const { metres, street, city, country } = placeOf(device.vehicle, fix);
	return `(${platform.text(fix.time)}) ${metres} Meters, ${street}, ${city}, ${country}`;
}

/** 14: the document lost its sample; this is the shape of 17. */
function mileage({ platform, account, params }: Context) {
	const device = required(platform.deviceById(account, params.text('DeviceID')), SYSTEM_ERROR);
	const [begin, end] = params.period();
	const metres = metresBetween(device.vehicle, begin, Math.min(end, platform.now()));
	return listOf([{ DeviceID: device.id, VehicleNum: device.plate, Mileage: kilometres(metres) }]);
}

/** 15, 16: the result is in Data, though Code is 200; "1" is a dead token. */
function rename({ platform, account, params, section }: Context) {
	const name = params.text(section === 15 ? 'NewVehiclePlate' : 'AssetName');
	const device = platform.devices.get(params.text('DeviceID'));
	if (!device) return '2';
	if (!account.sees(device.vehicle)) return '4';
	if (name.length > LONGEST_NAME) return '-1';
	device.plate = name;
	record(platform, account, section, device, section === 15 ? { NewVehiclePlate: name } : { AssetName: name });
	return '0';
}

/** 17. */
function mileageAndFuel({ platform, account, params }: Context) {
	const plates = params.list('VehiclePlate');
	const [begin, end] = params.period();
	const wanted =
		plates.length === 0
			? platform.devicesFor(account)
			: plates.map((plate) => required(platform.deviceByPlate(account, plate), 4001));
	return listOf(
		wanted.map(({ objectCode, plate, vehicle }) => {
			const metres = metresBetween(vehicle, begin, Math.min(end, platform.now()));
			return {
				ObjectCode: objectCode,
				VehicleNum: plate,
				OilNum: litresFor(vehicle, metres).toFixed(1),
				Mileage: kilometres(metres),
			};
		}),
	);
}

/** 18: its table says VehiclePlate, its sample VehiclePlates. */
function regions({ platform, account, params }: Context) {
	const plates = params.list('VehiclePlate', 'VehiclePlates');
	const wanted = platform.devicesFor(account).filter(({ plate }) => plates.length === 0 || plates.includes(plate));
	return listOf(
		wanted.flatMap((device) => {
			const fix = platform.fixOf(device);
			const found = fix && regionOf(platform, device, fix);
			return found
				? [
						{
							VehicleNum: device.plate,
							RegionName: found.region.name,
							InRegionTime: platform.text(found.since),
						},
					]
				: [];
		}),
	);
}

/** 19, 20. */
function fenceRecords(context: Context) {
	const { platform, params } = context;
	const devices = devicesOf(context);
	const [begin, end] = params.period();
	return listOf(
		crossings(platform, devices, begin, end).map(({ device, region, time, inside }: Crossing) => ({
			VehicleNum: device.plate,
			DeviceID: device.id,
			RegionName: region.name,
			IOTime: platform.text(time),
			IOType: inside ? 0 : 1,
		})),
	);
}

/** 21, 22. */
function alarms(context: Context) {
	const { platform, params, section } = context;
	const devices = devicesOf(context);
	const [begin, end] = params.period();
	const written = section === 22 && platform.settings.alarmNumbers === 'string' ? String : (value: number) => value;
	return listOf(
		alarmRecords(platform, devices, begin, end).map((alarm: Alarm) => {
			const state = stateOf(alarm);
			return {
				GPSTime: platform.text(alarm.time),
				RcvTime: platform.text(alarm.received),
				VehicleNum: alarm.device.plate,
				DeviceID: alarm.device.id,
				AlarmType: alarm.type,
				Lon: written(round(state.longitude, 6)),
				Lat: written(round(state.latitude, 6)),
				Speed: written(round(state.speed, 1)),
				Direct: written(state.course),
				StatusDes: statusText(alarm.device, state, { alarms: [alarm.type] }),
			};
		}),
	);
}

/** Devices that an account does not have are left out. */
function devicesOf({ platform, account, params, section }: Context): Device[] {
	const byId = section === 19 || section === 21;
	const wanted = byId ? params.deviceIds() : params.list('VehicleNums');
	if (wanted.length === 0) throw params.refusal();
	// The only code of these sections that is about the list.
	if (byId) platform.mayName(account, wanted, new Refusal(402));
	return wanted.flatMap(
		(name) => (byId ? platform.deviceById(account, name) : platform.deviceByPlate(account, name)) ?? [],
	);
}

/** 23, 24: an object, or an empty list where there is no position. */
function location({ platform, account, params, section }: Context) {
	const device = required(byPlateOrId(platform, account, params, section === 23), 404);
	const fix = platform.fixOf(device);
	if (!fix) return listOf([]);
	const { street, city, country } = placeOf(device.vehicle, fix);
	return {
		data: {
			VehicleNum: device.plate,
			RcvTime: platform.text(receivedAt(platform, device, fix)),
			GPSTime: platform.text(fix.time),
			Lon: round(fix.longitude, 6),
			Lat: round(fix.latitude, 6),
			RLon: round(fix.longitude + GCJ_SHIFT.longitude, 6),
			RLat: round(fix.latitude + GCJ_SHIFT.latitude, 6),
			StatusDes: statusText(device, fix, { at: platform.now() }),
			Speed: Math.round(fix.speed),
			Mileage: kilometres(fix.odometer),
			Location: `${street}, ${city}, ${country}`,
			IsReversal: 0,
		},
	};
}

/** 25. */
function inFence({ platform, account, params }: Context) {
	const device = required(platform.deviceByPlate(account, params.text('VehiclePlate')), 404);
	const id = params.whole('PolygonID');
	const region = platform.regions.find((one) => one.id === id);
	if (!region) throw new Refusal(404);
	const fix = platform.fixOf(device);
	const inside = fix && distance([fix.latitude, fix.longitude], [region.latitude, region.longitude]) <= region.radius;
	return {
		data: {
			VehiclePlate: device.plate,
			InFence: Number(inside ?? false),
			IsOnline: Number(platform.isOnline(fix)),
			GPSFlag: Number(fix !== null),
			GPSTime: fix && platform.text(fix.time),
		},
	};
}

/** 26: all numbers are strings. */
function track({ platform, account, params }: Context) {
	const device = required(platform.deviceById(account, params.text('DeviceID')), 404);
	const [begin, end] = params.period();
	const [zeroSpeed, lbs, corrected] = ['ContainZeroSpeed', 'ContainLBSLocation', 'ContainCorrectPath'].map((name) =>
		params.flag(name),
	);
	const { fixIntervalSeconds, trackMileage } = platform.settings;
	const fixes = [...fixesBetween(device.vehicle, begin, Math.min(end, platform.now()), fixIntervalSeconds)]
		.map((fix) => ({ fix, isLbs: scatter(device.vehicle.index, fix.time) % 37 === 0 }))
		.filter(({ fix, isLbs }) => (zeroSpeed || fix.speed > 0) && (lbs || !isLbs));
	const shifted = ({ longitude, latitude }: VehicleState) => [
		(longitude + GCJ_SHIFT.longitude).toFixed(6),
		(latitude + GCJ_SHIFT.latitude).toFixed(6),
	];
	const data = fixes.map(({ fix, isLbs }) => {
		const [RLon, RLat] = shifted(fix);
		return {
			RcvTime: platform.text(receivedAt(platform, device, fix)),
			GPSTime: platform.text(fix.time),
			Lon: fix.longitude.toFixed(6),
			Lat: fix.latitude.toFixed(6),
			RLon,
			RLat,
			StatusDes: statusText(device, fix, { lbs: isLbs, simCard: true }),
			Speed: String(Math.round(fix.speed)),
			Direct: String(fix.course),
			Status: String(Number(fix.ignition)),
			Mileage: trackMileage === 'metres' ? String(Math.round(fix.odometer)) : kilometres(fix.odometer),
			GPSFlag: isLbs ? '2' : '1',
		};
	});
	const path = fixes.map(({ fix }) => ({
		x: String(fix.longitude + GCJ_SHIFT.longitude),
		y: String(fix.latitude + GCJ_SHIFT.latitude),
	}));
	const failed = device.vehicle.index === UNCORRECTABLE && path.length > 0;
	return { ...cut(data, platform), correct_path: !corrected ? [] : failed ? null : path };
}

/** 27: where there is nothing its answer has a correct_path, as that of 26. */
function inBox({ platform, account, params }: Context) {
	const [west, south, east, north] = ['MinLon', 'MinLat', 'MaxLon', 'MaxLat'].map((name) => params.number(name)) as [
		number,
		number,
		number,
		number,
	];
	const system = params.text('Coordsys');
	if (system !== 'wsg84' && system !== 'gcj02') throw params.refusal();
	const shift = system === 'gcj02' ? GCJ_SHIFT : { longitude: 0, latitude: 0 };
	const found = platform.devicesFor(account).flatMap((device) => {
		const fix = platform.fixOf(device);
		if (!fix) return [];
		const [longitude, latitude] = [fix.longitude + shift.longitude, fix.latitude + shift.latitude];
		if (longitude < west || longitude > east || latitude < south || latitude > north) return [];
		const { ObjectCode: _, OilNum: __, ...record } = statusRecord(platform, device);
		return [{ ...record, Lon: fix.longitude, Lat: fix.latitude }]; // with all their digits, as in the sample
	});
	return found.length > 0 ? listOf(found) : { ...listOf([]), correct_path: [] };
}

/** 28. */
function removals({ platform, account, params }: Context) {
	const ids = params.list('DeviceIDs');
	const [begin, end] = params.period();
	let devices =
		ids.length === 0
			? platform.devicesFor(account)
			: ids.map((id) => required(platform.deviceById(account, id), 4005));
	const queryType = params.optionalWhole('QueryType') ?? 0;
	if (queryType === 1) {
		const device = required(platform.deviceById(account, params.text('QueryKey')), 4005);
		devices = devices.filter((one) => one === device);
	} else if (queryType === 2) {
		const device = required(platform.deviceByPlate(account, params.text('QueryKey')), 4006);
		devices = devices.filter((one) => one === device);
	}
	const types = (params.optional('AlarmType') ?? '')
		.split(/[;,]/)
		.map((type) => type.trim())
		.filter((type) => type !== '');
	const showAddress = params.flag('IsShowAddress');
	const found = removalAlarms(platform, devices, begin, end).filter(
		({ type }) => types.length === 0 || types.includes(type),
	);
	return listOf(
		found.map((alarm) => {
			const state = stateOf(alarm);
			const { street, city, country } = placeOf(alarm.device.vehicle, state);
			return {
				WONO: '',
				PeopleName: '',
				FrameNo: '',
				CarInstallStore: '',
				VehicleName: alarm.device.plate,
				SIM2: alarm.device.id,
				AlarmType: ` ${alarm.type}`, // with the blank of the sample
				RcvTime: platform.text(alarm.received),
				GPSTime: platform.text(alarm.time),
				Speed: round(state.speed, 1),
				StatusDes: statusText(alarm.device, state, { alarms: [alarm.type.toLowerCase()], simCard: true }),
				Lon: round(state.longitude, 6),
				Lat: round(state.latitude, 6),
				Culocation: showAddress ? `${street}, ${city}, ${country}` : '',
				HoldName: 'Fleetwire group ',
			};
		}),
	);
}

/** 29: a bare list. */
function messages({ platform, account, params }: Context) {
	const device = deviceFor(platform, account, params);
	return messagesOf(platform, device).map(({ id, msgType, body, time }) => ({
		RecID: id,
		MsgType: msgType,
		MsgBody: body,
		SendTime: platform.text(time),
	}));
}

/** 30. */
function lock({ platform, account, params, section }: Context) {
	const device = lockFor(platform, account, params);
	const OpenType = params.text('OpenType');
	if (OpenType !== '0' && OpenType !== '1') throw params.refusal();
	return record(platform, account, section, device, { OpenType });
}

/** 31. */
function timedUnlock({ platform, account, params, section }: Context) {
	const device = lockFor(platform, account, params);
	return record(platform, account, section, device, {
		FixedTime: params.text('FixedTime'),
		time: String(params.time('FixedTime')),
	});
}

function lockFor(platform: Platform, account: Account, params: Params): Device {
	const device = deviceFor(platform, account, params);
	if (params.text('Password') !== DEVICE_PASSWORD) throw new Refusal(SYSTEM_ERROR, 'Password error');
	return device;
}

/** 32: a bare list, with times that are not padded. */
function lockReport({ platform, account, params }: Context) {
	const device = deviceFor(platform, account, params);
	const [begin, end] = params.period();
	return lockEvents(platform, device, begin, end).map(({ info, time }) => {
		const state = stateAt(device.vehicle, time);
		return {
			DeviceID: device.id,
			VehicleNum: device.plate,
			EventInfo: info,
			EventTime: platform.unpaddedText(time),
			GPSTime: platform.unpaddedText(time - 1),
			GPSFlag: info === 'lock off' ? 'No' : 'Yes',
			Lon: round(state.longitude, 6),
			Lat: round(state.latitude, 6),
			Address: null,
			Speed: round(state.speed, 1),
			Direction: state.course,
			Mileage: round(state.odometer / 1000, 1),
		};
	});
}

/** 33. */
function simDetail({ platform, account, params }: Context) {
	const device = simFor(platform, account, params);
	const { vehicle } = device;
	const day = (time: number) => platform.text(time).slice(0, 10);
	const online = device.simStatus === 'Activated' && platform.isOnline(platform.fixOf(device));
	return {
		SIM: vehicle.sim,
		ICCID: vehicle.iccid,
		IMSI: `90140510${vehicle.iccid.slice(-7)}`,
		Tag: '',
		PackageName: '500M',
		DeviceID: device.id,
		Remark: '',
		Status: device.simStatus,
		SessionStatus: online ? 'Online' : 'Offline',
		UsageAmount: 500,
		UsageData: round(20 + (vehicle.index % 400) + 0.42, 2),
		SMSAmount: 250,
		SMSData: platform.commands.filter(({ section, deviceId }) => section === 35 && deviceId === device.id).length,
		OperatorCountry: vehicle.route.plates === 'W' ? 'A1/Austria' : 'Orange/Romania',
		AccessTechnology: '4G',
		IpAddress: `100.107.${Math.floor(vehicle.index / 250)}.${1 + (vehicle.index % 250)}`,
		Actived: day(vehicle.activated),
		EndDate: day(vehicle.activated + 10 * 365 * DAY),
		CreateDate: platform.text(vehicle.activated - 7 * DAY),
	};
}

/** 34. */
function simStatus({ platform, account, params, section }: Context) {
	const device = simFor(platform, account, params);
	const Status = params.text('Status');
	if (Status !== 'Activate' && Status !== 'Deactivate') throw params.refusal();
	device.simStatus = `${Status}d`;
	return record(platform, account, section, device, { Status });
}

/** 35. */
function sendSms({ platform, account, params, section }: Context) {
	const device = simFor(platform, account, params);
	const delivered = String(device.simStatus === 'Activated');
	return record(platform, account, section, device, { Content: params.text('Content'), delivered });
}

/** 36. */
function smsList({ platform, account, params }: Context) {
	const device = simFor(platform, account, params);
	const [begin, end] = params.period();
	const { sim, iccid } = device.vehicle;
	const list = smsOf(platform, device, begin, end).map(({ time, content, type, status }) => ({
		CreateTime: platform.text(time),
		SIM: sim,
		ICCID: iccid,
		Content: content,
		SourceAddress: sim,
		MType: type,
		Status: status,
	}));
	return { Total_Records: list.length, List: list };
}

/** 37, 38. */
function textCommand({ platform, account, params, section }: Context) {
	const device = deviceFor(platform, account, params);
	return record(platform, account, section, device, { TextCommand: params.text('TextCommand') });
}

/** 39, 40, 41. */
function queryCommand({ platform, account, params, section }: Context) {
	return record(platform, account, section, deviceFor(platform, account, params), {});
}

/** The Data of all commands is null. */
function record(
	platform: Platform,
	account: Account,
	section: Section,
	device: Device,
	content: Record<string, string>,
): null {
	platform.commands.push({
		section,
		time: platform.now(),
		loginName: account.loginName,
		deviceId: device.id,
		content,
	});
	return null;
}

/** Sections 29 to 41 list no codes. */
function deviceFor(platform: Platform, account: Account, params: Params): Device {
	return required(platform.deviceById(account, params.text('DeviceID')), SYSTEM_ERROR);
}

function simFor(platform: Platform, account: Account, params: Params): Device {
	return required(platform.deviceByIccid(account, params.text('ICCID')), SYSTEM_ERROR);
}

function byPlateOrId(platform: Platform, account: Account, params: Params, byPlate: boolean): Device | undefined {
	return byPlate
		? platform.deviceByPlate(account, params.text('VehiclePlate'))
		: platform.deviceById(account, params.text('DeviceID'));
}

function required(device: Device | undefined, code: number): Device {
	if (!device) throw new Refusal(code);
	return device;
}

/** A second or more after the fix; hours for the few that were kept while there was no network. */
function receivedAt(platform: Platform, { vehicle }: Device, { time }: VehicleState): number {
	const chance = scatter(vehicle.index, time);
	const lag = chance % 50 === 0 ? 600 + (chance % 7200) : 1 + (chance % 3);
	return time + lag <= platform.now() ? time + lag : time;
}

function listOf<T>(data: T[]): { total: number; data: T[] } {
	return { total: data.length, data };
}

/** 9, 10, 26: as many as one answer holds. */
function cut<T>(data: T[], { settings: { mostRecords } }: Platform): { total: number; data: T[] } {
	const listed = listOf(data.slice(0, MAX_RECORDS));
	return mostRecords === null ? listed : { ...listed, data: listed.data.slice(0, mostRecords) };
}

function kilometres(metres: number): string {
	return (metres / 1000).toFixed(1);
}

function round(value: number, digits: number): number {
	return Math.round(value * 10 ** digits) / 10 ** digits;
}
