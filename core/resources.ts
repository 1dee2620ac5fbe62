/** How resources are called in dropdowns and docs. */
export const RESOURCE_TITLES: Readonly<Record<string, string>> = {
	position: 'Position',
	device: 'Device',
	alarm: 'Alarm',
	geofence: 'Geofence',
	command: 'Command',
	message: 'Message',
	subAccount: 'Sub-Account',
};
