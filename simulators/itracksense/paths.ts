/** Sections of the document, which stand for its methods: most of their names are lost. */
export type Section =
	| 4
	| 5
	| 6
	| 7
	| 8
	| 9
	| 10
	| 11
	| 12
	| 13
	| 14
	| 15
	| 16
	| 17
	| 18
	| 19
	| 20
	| 21
	| 22
	| 23
	| 24
	| 25
	| 26
	| 27
	| 28
	| 29
	| 30
	| 31
	| 32
	| 33
	| 34
	| 35
	| 36
	| 37
	| 38
	| 39
	| 40
	| 41
	| 42;

/** Proven (facts 1.2); nothing changes them. */
export const PROVEN_PATHS = {
	4: '/api/user/GetLoginToken',
	5: '/api/user/LogOut',
	7: '/api/vehicle/GetCurrentVehicleInfo',
	42: '/api',
} as const;

/**
 * Section 8 is proven for a sister platform. 6, 9, 10, 12, 13 and the folder of 16 are guesses of facts 1.2; the others
 * are made up.
 */
export const DEFAULT_PATHS: Readonly<Record<Section, string>> = {
	...PROVEN_PATHS,
	6: '/api/vehicle/GetDeviceList',
	8: '/api/vehicle/GetCurrentVehicleInfoByDeviceIDs',
	9: '/api/vehicle/GetVehicleHisInfo',
	10: '/api/vehicle/GetVehicleHisInfoByDeviceID',
	11: '/api/vehicle/GetCurrentAlarmInfoByDeviceIDs',
	12: '/api/vehicle/GetVehicleAddress',
	13: '/api/vehicle/GetVehicleAddressByDeviceID',
	14: '/api/vehicle/GetMileageByDeviceID',
	15: '/api/vehicle/ModifyVehiclePlate',
	16: '/api/asset/ModifyAssetName',
	17: '/api/vehicle/GetVehicleMileageAndOil',
	18: '/api/vehicle/GetVehicleRegion',
	19: '/api/vehicle/GetRegionRecordsByDeviceIDs',
	20: '/api/vehicle/GetRegionRecords',
	21: '/api/vehicle/GetAlarmRecordsByDeviceIDs',
	22: '/api/vehicle/GetAlarmRecords',
	23: '/api/vehicle/GetVehicleLocation',
	24: '/api/vehicle/GetVehicleLocationByDeviceID',
	25: '/api/vehicle/IsVehicleInFence',
	26: '/api/vehicle/GetVehicleTrack',
	27: '/api/vehicle/GetVehiclesInZone',
	28: '/api/vehicle/GetRemovalAlarmList',
	29: '/api/vehicle/GetDeviceMessages',
	30: '/api/vehicle/SetLockSwitch',
	31: '/api/vehicle/SetTimedUnlock',
	32: '/api/vehicle/GetLockEvents',
	33: '/api/vehicle/GetSIMDetail',
	34: '/api/vehicle/ChangeSIMStatus',
	35: '/api/vehicle/SendSMS',
	36: '/api/vehicle/GetSMSList',
	37: '/api/vehicle/SendDeviceTextCommand',
	38: '/api/vehicle/SendDeviceHighLevelCommand',
	39: '/api/vehicle/SendQueryDeviceStatus',
	40: '/api/vehicle/SendQueryDeviceParameter',
	41: '/api/vehicle/SendQueryDeviceICCID',
};

export type PathOptions = Partial<Record<Exclude<Section, keyof typeof PROVEN_PATHS>, string>>;

/** Throws if two sections would share a path, or a proven one is to be changed. */
export function pathsWith(options: PathOptions): Readonly<Record<Section, string>> {
	const paths = { ...DEFAULT_PATHS, ...options };
	for (const [section, path] of Object.entries(PROVEN_PATHS)) {
		if (paths[Number(section) as Section] !== path) throw new Error(`the path of section ${section} is proven`);
	}
	if (new Set(Object.values(paths)).size < Object.keys(paths).length)
		throw new Error('two sections have the same path');
	return paths;
}
