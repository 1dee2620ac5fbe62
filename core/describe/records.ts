/**
 * The records of Output = Simplified: the same fields and units whichever vendor. Keys are always present; null where
 * the vendor has no value. Times are ISO 8601 UTC, speeds km/h, distances km, courses degrees clockwise from north,
 * voltages V, temperatures degrees Celsius, batteries percent.
 */

/** A vendor's own record, as it came. */
export type Row = Record<string, unknown>;

/** What the vendor may mark as faulty. */
export interface Markable {
	/** Only where the vendor reports an error for this record: what else is in it is its identity, or null. */
	error?: string;
}

/**
 * What people call a device. Where the vendor's own record does not say it, the client takes it from the account's list
 * of devices.
 */
export interface Named {
	deviceName: string | null;
	plate: string | null;
}

export const UNNAMED: Readonly<Named> = { deviceName: null, plate: null };

export interface Device extends Markable {
	name: string | null;
	plate: string | null;
	model: string | null;
	/** Account or group that the device belongs to. */
	group: string | null;
	simNumber: string | null;
	activatedAt: string | null;
	firstOnlineAt: string | null;
	/** When the vendor's service for it ends. */
	expiresAt: string | null;
	/** When its user's right to it ends. */
	userExpiresAt: string | null;
	iccid: string | null;
	deviceId: string;
}

export type DeviceStatus = 'online' | 'offline' | 'neverOnline' | 'expired' | 'blocked';

/** Where a device is and how it does. */
export interface Position extends Markable, Named {
	/** Time of the fix. */
	time: string | null;
	/** When the device was last heard of, with or without a fix. */
	seenAt: string | null;
	latitude: number | null;
	longitude: number | null;
	address: string | null;
	speed: number | null;
	course: number | null;
	status: DeviceStatus | null;
	ignition: boolean | null;
	/** For how many seconds the ignition has been as it is. */
	ignitionSeconds: number | null;
	odometer: number | null;
	distanceToday: number | null;
	battery: number | null;
	externalVoltage: number | null;
	/** As the vendor gives it: litres unless its page says otherwise. */
	fuel: number | null;
	temperature: number | null;
	doorOpen: boolean | null;
	charging: boolean | null;
	/** False once the fuel supply or the starter has been cut. */
	fuelSupply: boolean | null;
	armed: boolean | null;
	/** What one vendor tells and the others do not, under names of its own. */
	details: Readonly<Record<string, string | number | boolean | null>> | null;
	deviceId: string;
	id: string;
}

/** One point of a track. */
export interface Fix extends Markable, Named {
	time: string | null;
	latitude: number | null;
	longitude: number | null;
	speed: number | null;
	course: number | null;
	odometer: number | null;
	ignition: boolean | null;
	deviceId: string;
}

/** One point of a track about which the vendor tells more. */
export interface TrackPoint extends Fix {
	/** From satellites; false: from radio cells or Wi-Fi. */
	gpsFix: boolean | null;
	/** A point of the path that the vendor has corrected to the roads: it has no time, and GCJ-02 coordinates only. */
	corrected: boolean;
	/** The same place in China's own datum; never in the fields that hold WGS-84. */
	gcj02Latitude: number | null;
	gcj02Longitude: number | null;
}

export interface Alarm extends Named {
	time: string | null;
	/** When the vendor's system recorded it; can be minutes after `time`. */
	recordedAt: string | null;
	latitude: number | null;
	longitude: number | null;
	/** Canonical name, the same for every vendor, e.g. "speeding"; "other" where the vendor's kind is not known. */
	type: string;
	/** The same in plain words. */
	title: string;
	/** The vendor's own kind. */
	vendorType: string;
	speed: number | null;
	course: number | null;
	geofenceId: string | null;
	deviceId: string;
	id: string;
}

/** Distance driven in a period. */
export interface Mileage extends Markable, Named {
	from: string;
	to: string;
	distance: number | null;
	deviceId: string;
}

export interface SubAccount {
	account: string;
	name: string | null;
	email: string | null;
	mobile: string | null;
	telephone: string | null;
	role: 'distributor' | 'endUser' | 'virtual' | null;
	blocked: boolean | null;
	createdAt: string | null;
}

/**
 * confirmed: the vendor or the device answered that it was done. answered: the device said something else, which a
 * person has to read; it is not taken as done. sent: handed over, the device's answer was not waited for. timedOut:
 * handed over, the device did not answer in time. failed: it was not done. unknown: the request went out and
 * no usable answer came back: it may have been done.
 */
export type Outcome = 'confirmed' | 'answered' | 'sent' | 'timedOut' | 'failed' | 'unknown';

/** What became of something that changes the world. */
export interface CommandOutcome extends Named {
	sentAt: string | null;
	answeredAt: string | null;
	outcome: Outcome;
	/** What that means and what to check, in a sentence. */
	explanation: string;
	command: string | null;
	/** The device's own words. */
	response: string | null;
	/** "<resource>.<operation>" */
	operation: string;
	/** Device or account that it was for. */
	target: string | null;
	/** The vendor's number for it, to ask about later. */
	commandId: string | null;
	/** Null where it was for none. */
	deviceId: string | null;
}

/** A journey from ignition on to ignition off. Durations are in seconds. */
export interface Trip extends Markable, Named {
	driverName: string | null;
	startedAt: string | null;
	endedAt: string | null;
	startLatitude: number | null;
	startLongitude: number | null;
	startAddress: string | null;
	endLatitude: number | null;
	endLongitude: number | null;
	endAddress: string | null;
	distance: number | null;
	drivingSeconds: number | null;
	idleSeconds: number | null;
	maxSpeed: number | null;
	/** Halts included. */
	averageSpeed: number | null;
	driverId: string | null;
	deviceId: string;
	id: string;
}

/** What a device did on one day of a time zone. Trips and stops over midnight count in both days. */
export interface DaySummary extends Named {
	/** As in 2026-01-31. */
	date: string;
	/** The day's ends: it may have 23 or 25 hours. */
	from: string;
	to: string;
	/** When the first trip began and the last one ended. */
	startedAt: string | null;
	endedAt: string | null;
	trips: number;
	stops: number;
	distance: number;
	drivingSeconds: number;
	/** With the engine on: in trips, and in stops where the ignition is known; null if it is not known all day. */
	idleSeconds: number | null;
	maxSpeed: number | null;
	deviceId: string;
	id: string;
}

/** A refill, a possible theft, or a sum of them. */
export interface FuelEvent extends Named {
	time: string | null;
	address: string | null;
	/** Canonical kind, e.g. "fueling", "possibleTheft", "totalRefill"; "other" where the vendor's kind is not known. */
	type: string;
	/** The vendor's own kind. */
	vendorType: string;
	/** Whether it sums up the period that was asked for, and is no event in itself. */
	summary: boolean;
	/** Whether it is about the secondary source, such as gas beside petrol. */
	secondary: boolean;
	/** Litres, as the vendor estimates them. */
	volume: number | null;
	private: boolean | null;
	deviceId: string;
	id: string;
}

/** Entering or leaving a geofence. */
export interface GeofenceEvent extends Named {
	time: string | null;
	latitude: number | null;
	longitude: number | null;
	type: 'entered' | 'left' | null;
	geofenceName: string | null;
	geofenceId: string | null;
	deviceId: string;
	id: string;
}

/** What happened to a lock. */
export interface LockEvent extends Named {
	time: string | null;
	latitude: number | null;
	longitude: number | null;
	type: string;
	title: string | null;
	/** Card or person that did it. */
	operator: string | null;
	deviceId: string;
	id: string;
}

/** What a message queue delivered. */
export interface Message<T extends object = object> {
	/** The vendor's queue, by the name that operations use. */
	queue: string;
	/** The record in it, of the kind that the queue delivers. */
	record: T;
	/** For acknowledging; acknowledging one acknowledges all before it. */
	deliveryTag: string | null;
	id: string;
}

export interface Driver extends Markable {
	name: string | null;
	group: string | null;
	driverId: string;
}

/** A group of devices, such as a department. */
export interface Group extends Markable {
	name: string | null;
	groupId: string;
}

/** What an odometer showed. */
export interface Odometer extends Markable, Named {
	driverName: string | null;
	time: string | null;
	odometer: number | null;
	/** Null where the vendor names the vehicle by its plate alone. */
	deviceId: string | null;
}

/** For how long a vehicle or machine worked. */
export interface WorkingHours extends Markable, Named {
	/** Day that the hours are of; null for all hours so far. */
	date: string | null;
	hours: number | null;
	deviceId: string;
}

/** A place that the account's users have marked. */
export interface Place extends Markable {
	name: string | null;
	category: string | null;
	latitude: number | null;
	longitude: number | null;
	address: string | null;
	modifiedAt: string | null;
	placeId: string;
}

/** Whether a device is inside a geofence. */
export interface GeofenceState extends Named {
	time: string | null;
	inside: boolean | null;
	status: DeviceStatus | null;
	/** Whether the position behind it is a satellite fix. */
	gpsFix: boolean | null;
	geofenceId: string | null;
	deviceId: string;
}

/** Distance and fuel of a period. */
export interface Consumption extends Named {
	from: string;
	to: string;
	distance: number | null;
	/** How long the engine ran. */
	engineSeconds: number | null;
	/** Litres. */
	fuel: number | null;
	/** Litres per 100 km. */
	fuelPer100Km: number | null;
	/** On the secondary source, such as gas beside petrol. */
	secondaryDistance: number | null;
	secondaryFuel: number | null;
	/** Null where the vendor names a device that is not known by that name. */
	deviceId: string | null;
}

/** A halt of a device. */
export interface Stop extends Named {
	driverName: string | null;
	startedAt: string | null;
	endedAt: string | null;
	latitude: number | null;
	longitude: number | null;
	address: string | null;
	/** How long it lasted, and for how much of it the engine ran. */
	seconds: number | null;
	idleSeconds: number | null;
	odometer: number | null;
	private: boolean | null;
	deviceId: string;
	id: string;
}

/** What a sensor measured. */
export interface Reading extends Named {
	time: string | null;
	/** Degrees Celsius, or percent. */
	type: 'temperature' | 'humidity';
	sensor: string | null;
	value: number | null;
	deviceId: string;
	id: string;
}

/** Where a device is, in words. */
export interface Address extends Named {
	time: string | null;
	address: string | null;
	deviceId: string;
}

/** A text that a device or its SIM card got or sent. */
export interface DeviceMessage extends Named {
	time: string | null;
	direction: 'toDevice' | 'fromDevice' | null;
	text: string | null;
	/** The vendor's own word. */
	status: string | null;
	iccid: string | null;
	deviceId: string | null;
	id: string;
}

export interface SimCard extends Named {
	simNumber: string | null;
	/** The vendor's own words for the card and for its connection. */
	status: string | null;
	sessionStatus: string | null;
	packageName: string | null;
	/** Megabytes of the package, and the vendor's count of them. */
	dataAllowance: number | null;
	dataCount: number | null;
	/** Text messages of the package, and the vendor's count of them. */
	smsAllowance: number | null;
	smsCount: number | null;
	operator: string | null;
	technology: string | null;
	ipAddress: string | null;
	tag: string | null;
	remark: string | null;
	activatedAt: string | null;
	expiresAt: string | null;
	createdAt: string | null;
	imsi: string | null;
	iccid: string;
	deviceId: string | null;
}

/** A web page of the vendor's that opens without a login. Whoever has the address is logged in. */
export interface WebLink {
	url: string;
}

/**
 * Kinds of record, by the name that operations refer to. `other`: a body that the vendor's document does not describe,
 * passed through.
 */
export interface RecordKinds {
	device: Device;
	position: Position;
	fix: Fix;
	trackPoint: TrackPoint;
	alarm: Alarm;
	mileage: Mileage;
	subAccount: SubAccount;
	commandOutcome: CommandOutcome;
	trip: Trip;
	daySummary: DaySummary;
	fuelEvent: FuelEvent;
	geofenceEvent: GeofenceEvent;
	lockEvent: LockEvent;
	message: Message;
	driver: Driver;
	group: Group;
	odometer: Odometer;
	workingHours: WorkingHours;
	place: Place;
	geofenceState: GeofenceState;
	consumption: Consumption;
	stop: Stop;
	reading: Reading;
	address: Address;
	deviceMessage: DeviceMessage;
	simCard: SimCard;
	webLink: WebLink;
	other: object;
}

export type RecordKind = keyof RecordKinds;
