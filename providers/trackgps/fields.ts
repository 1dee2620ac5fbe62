import { ids, time } from '../../core/describe/field';

/** Any number of vehicles, or all of the company. */
export const devicesOrAll = ids({
	title: 'Devices',
	description: 'Vehicles to ask about, as their TrackGPS.ro numbers (vehicleId)',
	placeholder: 'e.g. 1024, 1025',
	lookup: 'device',
	noun: 'vehicle number',
	parting: 'commas',
	typedAs: 'Vehicle Number',
	pattern: /^[1-9]\d{0,9}$/,
	expected: 'must be the digits of a vehicleId',
	all: 'all vehicles of the company',
});

const accepted = 'A date and time. Relative values such as -24h are allowed.';

export const period = {
	begin: time({
		title: 'Begin',
		description: `Start of the period. ${accepted}`,
		initial: '-24h',
		placeholder: 'e.g. 2026-01-31T08:00:00Z',
	}),
	end: time({
		title: 'End',
		description: `End of the period. ${accepted}`,
		initial: 'now',
		placeholder: 'e.g. 2026-01-31T17:00:00Z',
	}),
};

const show = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Says what is wrong with a period, or nothing. */
export function periodProblem(params: { begin: number; end: number }, now: number): string | undefined {
	if (params.end <= params.begin)
		return `The period ends before it begins (Begin ${show(params.begin)}, End ${show(params.end)}): exchange the two, or choose a later End.`;
	if (params.begin > now)
		return `The period is in the future: it begins at ${show(params.begin)}, and it is ${show(now)} now.`;
	return undefined;
}
