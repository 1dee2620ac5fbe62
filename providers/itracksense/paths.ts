import type { Grade } from '../../core/describe/operation';

/**
 * Where each method is, by the section of the document that describes it. The document lost its "Relative url" lines:
 * G marks a guess after the names that are known. `scripts/itracksense-paths.ts` rewrites the table from the vendor's
 * page.
 */
export const PATHS = {
	4: { path: '/api/user/GetLoginToken', grade: 'C' },
	5: { path: '/api/user/LogOut', grade: 'C' },
	6: { path: '/api/vehicle/GetDeviceList', grade: 'G' },
	7: { path: '/api/vehicle/GetCurrentVehicleInfo', grade: 'C' },
	8: { path: '/api/vehicle/GetCurrentVehicleInfoByDeviceIDs', grade: 'L' },
	9: { path: '/api/vehicle/GetVehicleHisInfo', grade: 'G' },
	10: { path: '/api/vehicle/GetVehicleHisInfoByDeviceID', grade: 'G' },
	11: { path: '/api/vehicle/GetCurrentAlarmInfoByDeviceIDs', grade: 'G' },
	12: { path: '/api/vehicle/GetVehicleAddress', grade: 'G' },
	13: { path: '/api/vehicle/GetVehicleAddressByDeviceID', grade: 'G' },
	14: { path: '/api/vehicle/GetMileageByDeviceID', grade: 'G' },
	15: { path: '/api/vehicle/ModifyVehiclePlate', grade: 'G' },
	16: { path: '/api/asset/ModifyAssetName', grade: 'G' },
	17: { path: '/api/vehicle/GetVehicleMileageAndOil', grade: 'G' },
	18: { path: '/api/vehicle/GetVehicleRegion', grade: 'G' },
	19: { path: '/api/vehicle/GetRegionInOutByDeviceIDs', grade: 'G' },
	20: { path: '/api/vehicle/GetRegionInOut', grade: 'G' },
	21: { path: '/api/vehicle/GetAlarmRecordByDeviceIDs', grade: 'G' },
	22: { path: '/api/vehicle/GetAlarmRecord', grade: 'G' },
	23: { path: '/api/vehicle/GetVehicleLocation', grade: 'G' },
	24: { path: '/api/vehicle/GetVehicleLocationByDeviceID', grade: 'G' },
	25: { path: '/api/vehicle/GetVehicleInFence', grade: 'G' },
	26: { path: '/api/vehicle/GetVehicleTrackByDeviceID', grade: 'G' },
	27: { path: '/api/vehicle/GetVehicleInZone', grade: 'G' },
	28: { path: '/api/vehicle/GetRemovalAlarmList', grade: 'G' },
	29: { path: '/api/vehicle/GetDeviceMessage', grade: 'G' },
	30: { path: '/api/vehicle/SetLockSwitch', grade: 'G' },
	31: { path: '/api/vehicle/SetTimedUnlock', grade: 'G' },
	32: { path: '/api/vehicle/GetLockEventReport', grade: 'G' },
	33: { path: '/api/vehicle/GetSIMDetail', grade: 'G' },
	34: { path: '/api/vehicle/ChangeSIMStatus', grade: 'G' },
	35: { path: '/api/vehicle/SendSIMSMS', grade: 'G' },
	36: { path: '/api/vehicle/GetSIMSMSList', grade: 'G' },
	37: { path: '/api/vehicle/SendDeviceTextCommand', grade: 'G' },
	38: { path: '/api/vehicle/SendDeviceHighLevelCommand', grade: 'G' },
	39: { path: '/api/vehicle/SendQueryDeviceStatusCommand', grade: 'G' },
	40: { path: '/api/vehicle/SendQueryDeviceParameterCommand', grade: 'G' },
	41: { path: '/api/vehicle/SendQueryDeviceICCIDCommand', grade: 'G' },
	42: { path: '/api', grade: 'C' },
} as const satisfies Readonly<Record<number, { path: string; grade: Grade }>>;

export type Section = keyof typeof PATHS;
