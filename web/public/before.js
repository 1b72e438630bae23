// What must be so before anything is painted: the theme, the density and the language that were chosen.
try {
  const { theme, density, locale } = JSON.parse(localStorage.getItem('settings') ?? '{}');
  const { dataset } = document.documentElement;
  if (theme === 'light' || theme === 'dark') dataset.theme = theme;
  if (density === 'compact') dataset.density = density;
  if (locale === 'en' || locale === 'es' || locale === 'fr') document.documentElement.lang = locale;
} catch {
  // no storage, or not ours
}
