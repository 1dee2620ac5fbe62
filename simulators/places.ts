import type { VehicleState, Vehicle } from './fleet';
import { distance } from './routes';

export interface Place {
	street: string;
	city: string;
	country: string;
	/** From the nearest known point of the road. */
	metres: number;
}

/** What a vendor's map would call a place on a vehicle's way. */
export function placeOf(
	{ route }: Vehicle,
	{ latitude, longitude }: Pick<VehicleState, 'latitude' | 'longitude'>,
): Place {
	let nearest = 0;
	let metres = Infinity;
	for (const [i, point] of route.waypoints.entries()) {
		const away = distance(point, [latitude, longitude]);
		if (away < metres) [nearest, metres] = [i, away];
	}
	return {
		street: nearest === 0 ? 'Depot' : `Road ${nearest}`,
		city: route.name.split(',')[0]!,
		country: route.plates === 'W' ? 'Austria' : 'Romania',
		metres: Math.round(metres),
	};
}
