const ERASER_RADIUS = 7; // logical pixels
const STEP = 4;

/** Whether the eraser, moved straight from one point to another, touches the ink of a stroke. */
export function touches({ points, width }, from, to) {
  const reach = ERASER_RADIUS + width / 2;
  return between(from, to).some((place) =>
    points.some((end, index) => distance(place, points[Math.max(0, index - 1)], end) <= reach),
  );
}

/** Places on the way, near enough to each other that nothing slips through. */
function between(from, to) {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STEP);
  return Array.from({ length: steps + 1 }, (_, index) => {
    const share = steps === 0 ? 0 : index / steps;
    return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
  });
}

/** From a point to the segment from `a` to `b`. */
function distance({ x, y }, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((x - a.x) * dx + (y - a.y) * dy) / length2;
  const share = Math.min(Math.max(along, 0), 1);
  return Math.hypot(a.x + dx * share - x, a.y + dy * share - y);
}
