import { ids, severalOf, text, type AllOrSeveral, type Several } from '../../core/describe/field';

/** The samples range from "0010" to fifteen digits; letters are not excluded anywhere. */
const DEVICE = /^\w{1,40}$/;
/** Plates hold whatever users type in, even brackets, slashes and commas. */
const PLATE = /^[^\n]{1,60}$/;
/** Where several are sent, a comma would end one (section 7): two other vehicles would answer. */
const PLATE_IN_LIST = /^[^,\n]{1,60}$/;
const deviceForm = {
	noun: 'device ID',
	typedAs: 'Device ID',
	pattern: DEVICE,
	expected: 'must be a device ID, of letters and digits',
} as const;
const plateForm = {
	noun: 'plate',
	typedAs: 'Plate',
	pattern: PLATE_IN_LIST,
	expected:
		'must have at most 60 characters and no comma, at which iTracksense would end it (name such a vehicle by its device ID)',
	parting: 'commas',
} as const;
const devicesOf = {
	title: 'Devices',
	lookup: 'device',
	parting: 'commas',
	...deviceForm,
	placeholder: 'e.g. 862306128008106, 80222299',
} as const;
const platesOf = { title: 'Plates', lookup: 'plate', ...plateForm, placeholder: 'e.g. EL A3S9, BAC 621(S)' } as const;

export const anyForm = { device: deviceForm, plate: plateForm };

export const device = text({
	title: 'Device',
	description: 'Device ID',
	placeholder: 'e.g. 862306128008106',
	lookup: 'device',
	typedAs: 'Device ID',
	pattern: DEVICE,
	expected: deviceForm.expected,
});
export const plate = text({
	title: 'Plate',
	description: 'Plate of the vehicle, or name of the asset',
	placeholder: 'e.g. EL A3S9',
	lookup: 'plate',
	typedAs: 'Plate',
	pattern: PLATE,
	expected: 'must be a plate of at most 60 characters',
});

/** Any number of devices, or all of the account. */
export const devices = ids({ ...devicesOf, description: 'Device IDs', all: 'all devices of the account' });
/** Any number of plates, or all of the account. */
export const plates = ids({
	...platesOf,
	description: 'Plates of vehicles, or names of assets',
	all: 'all plates of the account',
});

export const iccid = text({
	title: 'ICCID',
	description: 'Number of the SIM card, printed on it',
	placeholder: 'e.g. 8988228055509013601',
	pattern: /^[0-9A-Fa-f]{10,24}$/,
	expected: 'must be the 19 or 20 digits of an ICCID',
});

/**
 * The vendor's own word for all: an empty list (sections 7, 8, 11, 17, 18). A list that is really empty never gets
 * here.
 */
export const listOrEmpty = (some: AllOrSeveral) => severalOf(some)?.join(',') ?? '';

/** What a request carries that is about some devices, or plates, and a period. */
export interface SomeDevices {
	devices: Several;
	begin: number;
	end: number;
}
export interface SomePlates {
	plates: Several;
	begin: number;
	end: number;
}

/** How many one request may name is not documented. Grade G. */
export const NAMES_PER_REQUEST = 200;

/** What the requests are about. */
export const someDevices = { devices: 'devices', as: 'devices', most: NAMES_PER_REQUEST } as const;
export const somePlates = { devices: 'plates', as: 'plates', most: NAMES_PER_REQUEST } as const;
