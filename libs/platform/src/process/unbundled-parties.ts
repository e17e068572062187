/** Whether parties' processes start from built files and no bundle: `npm run dev`, which bundles nothing, sets `PARTIES_UNBUNDLED`. */
export const partiesUnbundled = process.env.PARTIES_UNBUNDLED === '1';
