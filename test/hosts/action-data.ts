/** Rows with an id, an age around 40 + `older`, a plan, and whether the customer left; the same at each call. */
export function customers(rows: number, older = 0): string {
  const lines = ['id,age,plan,churn'];
  for (let row = 0; row < rows; row += 1) {
    const age = 40 + older + ((row * 7) % 21) - 10;
    lines.push(`c${row},${age},${['basic', 'plus', 'pro'][row % 3]},${(row * 5) % 11 < 4 ? 'yes' : 'no'}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Predictions with their target: mostly right, sometimes not. */
export function predictions(rows: number): string {
  const lines = ['id,churn,predicted,p:yes,p:no'];
  for (let row = 0; row < rows; row += 1) {
    const left = (row * 5) % 11 < 4;
    const score = row % 10 < 8 === left ? 0.55 + (row % 40) / 100 : 0.45 - (row % 40) / 100;
    lines.push(`c${row},${left ? 'yes' : 'no'},${score >= 0.5 ? 'yes' : 'no'},${score.toFixed(2)},${(1 - score).toFixed(2)}`);
  }
  return `${lines.join('\n')}\n`;
}
