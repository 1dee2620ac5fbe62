import { catalogLines } from './catalog-lines';

for (const line of catalogLines()) console.log(JSON.stringify(line));
