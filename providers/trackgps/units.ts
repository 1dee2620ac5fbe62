import { countOf, numberOf, speedOf, withoutUnit } from '../../core/describe/read';

/** Readers for numbers that may have their unit behind them. In any other unit, they cannot be read. */
export const litresOf = (value: unknown) =>
	numberOf(withoutUnit(value, 'l', 'litri', 'litre', 'liter', 'litres', 'liters'));
export const kilometresOf = (value: unknown) => countOf(withoutUnit(value, 'km'));
export const kilometresPerHourOf = (value: unknown) => speedOf(withoutUnit(value, 'km/h', 'kmh', 'kph'));
export const voltsOf = (value: unknown) => countOf(withoutUnit(value, 'v'));
/** Degrees Celsius, or percent. */
export const measuredOf = (value: unknown) => numberOf(withoutUnit(value, '°c', 'c', '%'));
