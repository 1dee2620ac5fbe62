import { ids, text } from '../../core/describe/field';

/** An IMEI has 15 digits; some trackers of the platform report 10 to 17. */
const IMEI = /^\d{10,17}$/;
const imeiForm = 'must be the 10 to 17 digits of an IMEI';

const imeis = {
	title: 'Devices',
	lookup: 'device',
	noun: 'IMEI',
	parting: 'commas',
	pattern: IMEI,
	expected: imeiForm,
	placeholder: 'e.g. 358899051025339, 355139000000234',
} as const;

/** Any number of devices. */
export const devices = ids({
	...imeis,
	description: 'Devices to ask about, as IMEIs',
});

/** Any number of devices, or all of the account. */
export const devicesOrAll = ids({
	...imeis,
	description: 'Devices to ask about, as IMEIs',
	all: 'all devices of the account',
});

export const device = text({
	title: 'Device',
	description: 'Device to act on, as its IMEI',
	placeholder: 'e.g. 358899051025339',
	lookup: 'device',
	typedAs: 'IMEI',
	pattern: IMEI,
	expected: imeiForm,
});

const accountName = { placeholder: 'e.g. demo', lookup: 'subAccount', typedAs: 'Name', max: 100 } as const;
export const account = text({ title: 'Account', description: 'Name of the sub-account', ...accountName });
export const accountOrOwn = text({
	title: 'Account',
	description: 'Name of a sub-account; empty for the account itself',
	...accountName,
	optional: true,
});
/** The same for a list of devices, of which the account says whose they are. */
export const accountOrFleet = text({
	title: 'Account',
	description: 'Name of a sub-account; empty for the devices that the account\'s setting "Devices" means',
	...accountName,
	optional: true,
});
