/** The name under which somebody sells the platform. */
export type Brand = string;

/** The two editions of the document, by the brand that gives each out. */
export type Edition = 'trackceo' | 'etrack';

/** eTrack's document is the older one; whoever else sells the platform has what TrackCEO's says. */
export const editionOf = (brand: Brand): Edition => (brand === 'etrack' ? 'etrack' : 'trackceo');
