import type { Provider } from './provider';
import type { RecordKind } from './records';

/** Titles of resources in dropdowns and docs, unless the vendor has its own. */
const RESOURCE_TITLES: Readonly<Record<string, string>> = {
	position: 'Position',
	device: 'Device',
	alarm: 'Alarm',
	geofence: 'Geofence',
	command: 'Command',
	message: 'Message',
	subAccount: 'Sub-Account',
	address: 'Address',
	lock: 'Lock',
	sim: 'SIM Card',
	session: 'Session',
	trip: 'Trip',
	driver: 'Driver',
	group: 'Group',
	location: 'Location',
	queue: 'Queue',
	service: 'Service',
	fuel: 'Fuel',
	stop: 'Stop',
	temperature: 'Temperature',
};

/** The title of a vendor's resource. A raw name in a dropdown would be a fault that nobody notices. */
export function resourceTitle({ resourceTitles }: Pick<Provider, 'resourceTitles'>, resource: string): string {
	const title = resourceTitles?.[resource] ?? RESOURCE_TITLES[resource];
	if (title === undefined)
		throw new Error(
			`The resource "${resource}" has no title: give it one in core/describe/resources.ts, or in the vendor's resourceTitles.`,
		);
	return title;
}

/** What a simplified record of each kind is, and holds: for help and docs. */
export const RECORD_WORDS: Readonly<Record<RecordKind, { title: string; holds: string }>> = {
	device: { title: 'Device', holds: 'id, name, plate, model, SIM card, due dates' },
	position: { title: 'Position', holds: 'time, coordinates, speed, course, status, ignition, odometer and more' },
	fix: { title: 'Fix', holds: 'time, coordinates, speed, course' },
	trackPoint: { title: 'Track Point', holds: 'time, coordinates, speed, course, how it was found' },
	alarm: { title: 'Alarm', holds: 'kind, time, coordinates, speed, course, geofence' },
	mileage: { title: 'Mileage', holds: 'device, period, distance in km' },
	subAccount: { title: 'Sub-Account', holds: 'account, name, contact, role, blocked or not' },
	commandOutcome: { title: 'Outcome', holds: 'outcome, explanation, target, command, commandId, response' },
	trip: { title: 'Trip', holds: 'start, end, driver, distance in km, durations, speeds' },
	daySummary: { title: 'Day Summary', holds: 'date, trips, stops, distance in km, durations, maximum speed' },
	fuelEvent: { title: 'Fuel Event', holds: 'kind, time, litres, address' },
	geofenceEvent: { title: 'Geofence Event', holds: 'entered or left, geofence, time' },
	lockEvent: { title: 'Lock Event', holds: 'kind, time, coordinates, operator' },
	message: { title: 'Queue Message', holds: 'delivery tag and the record in it' },
	driver: { title: 'Driver', holds: 'id, name, group' },
	group: { title: 'Group', holds: 'id, name' },
	odometer: { title: 'Odometer Reading', holds: 'device, driver, time, odometer in km' },
	workingHours: { title: 'Working Hours', holds: 'device, date, hours' },
	place: { title: 'Place', holds: 'name, category, coordinates, address' },
	geofenceState: { title: 'Geofence State', holds: 'device, geofence, inside or not, online or not, time' },
	consumption: { title: 'Consumption', holds: 'device, period, distance in km, fuel in litres' },
	stop: { title: 'Stop', holds: 'start, end, coordinates, address, durations, driver' },
	reading: { title: 'Reading', holds: 'kind, sensor, time, value' },
	address: { title: 'Address', holds: 'device, time, address' },
	deviceMessage: { title: 'Device Message', holds: 'device or SIM card, direction, text, status, time' },
	simCard: { title: 'SIM Card', holds: 'numbers, device, package, status, volumes, due dates' },
	webLink: { title: 'Web Link', holds: 'an address that opens without a login' },
	other: { title: 'Answer', holds: 'what the vendor sends; its form is not documented' },
};
