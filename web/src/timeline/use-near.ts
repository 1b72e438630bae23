// Asks for more when its place comes near to what is seen.
import { type RefObject, useEffect, useRef } from 'react';

export function useNear(
  box: RefObject<HTMLElement | null>,
  onNear: () => void,
  isWanted: boolean,
): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isWanted || !place.current) return;
    const seen = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && onNear(),
      { root: box.current, rootMargin: '600px 0px' },
    );
    seen.observe(place.current);
    return () => seen.disconnect();
  }, [box, onNear, isWanted]);
  return place;
}
