export type Brand = 'trackceo' | 'etrack';
