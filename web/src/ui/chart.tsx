import { useState } from 'preact/hooks';
import { timeOfDay } from './format';
import { axisEnd, linePath, summary, type Series } from './series';

const width = 600;
const height = 120;

interface ChartProps {
  title: string;
  series: Series[];
  format: (value: number) => string;
}

/** What it shows, as a sentence. */
function sentence(title: string, series: readonly Series[], format: ChartProps['format']): string {
  const parts = series.flatMap(({ label, points }) => {
    const found = summary(points);
    return found ? [`${label}: ${format(found.now)} now, at most ${format(found.most)} at ${timeOfDay(found.at)}`] : [];
  });
  return `${title}. ${parts.length ? parts.join('; ') : 'Nothing is known yet'}.`;
}

/** Lines over time with an axis from 0; what they show stands beside them as text, and as a table. */
export function Chart({ title, series, format }: ChartProps) {
  const [at, setAt] = useState<number | null>(null);
  const end = axisEnd(series);
  const times = series[0]?.points.map(({ time }) => time) ?? [];
  const first = times[0];
  const last = times[times.length - 1];
  const index = at === null ? null : Math.round(at * (times.length - 1));
  const shown = index === null ? undefined : times[index];
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <h3>{title}</h3>
        <span class="muted">{shown === undefined ? null : timeOfDay(shown)}</span>
      </figcaption>
      <div class="chart-plot">
        <span class="chart-end">{format(end)}</span>
        <svg
          role="img"
          aria-label={sentence(title, series, format)}
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setAt(Math.min(1, Math.max(0, (event.clientX - box.left) / (box.width || 1))));
          }}
          onPointerLeave={() => setAt(null)}
        >
          <path class="chart-grid" d={`M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}`} />
          {series.map(({ label, tone, points }) => (
            <path key={label} class={`chart-line ${tone}`} d={linePath(points, end, width, height)} />
          ))}
          {index === null || times.length < 2 ? null : (
            <path class="chart-cursor" d={`M${(index * width) / (times.length - 1)} 0V${height}`} />
          )}
        </svg>
      </div>
      <p class="chart-times">
        <span>{first === undefined ? null : timeOfDay(first)}</span>
        <span>{last === undefined ? null : timeOfDay(last)}</span>
      </p>
      <ul class="chart-legend">
        {series.map(({ label, tone, points }) => {
          const found = summary(points);
          const value = index === null ? found?.now : points[index]?.value;
          return (
            <li key={label}>
              <svg class="chart-key" viewBox="0 0 20 4" aria-hidden="true">
                <path class={`chart-line ${tone}`} d="M0 2H20" />
              </svg>
              {label} <span class="num strong">{value === undefined || value === null ? '–' : format(value)}</span>
            </li>
          );
        })}
      </ul>
      <Table title={title} series={series} times={times} format={format} />
    </figure>
  );
}

/** The same as numbers, the newest first; made when somebody wants to see it. */
function Table({ title, series, times, format }: ChartProps & { times: number[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open ? (
        <div class="chart-rows" tabIndex={0} role="region" aria-label={`${title} as a table`}>
          <table class="small-table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map(({ label }) => (
                  <th key={label} scope="col" class="num">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times
                .map((time, i) => (
                  <tr key={time}>
                    <th scope="row">{timeOfDay(time)}</th>
                    {series.map(({ label, points }) => {
                      const value = points[i]?.value;
                      return (
                        <td key={label} class="num">
                          {value === undefined || value === null ? '–' : format(value)}
                        </td>
                      );
                    })}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}
