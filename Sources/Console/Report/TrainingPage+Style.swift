// How the page looks, in light and in dark, on screens of any width and on paper.

extension TrainingPage {
    static let style = """

        :root { color-scheme: light dark; --back: #fff; --text: #1c1e21; --soft: #5c6470;
          --line: #dcdfe4; --mark: #e4eefb; --s0: #1f5fbf; --s1: #b4510f; --s2: #2e7d4f;
          --s3: #7a3fa0; }
        @media (prefers-color-scheme: dark) {
          :root { --back: #16181c; --text: #e6e8eb; --soft: #a2a9b4; --line: #353a43;
            --mark: #1f3350; --s0: #7db2ff; --s1: #f0a070; --s2: #7ccf9d; --s3: #cf9bef; } }
        body { margin: 0; background: var(--back); color: var(--text);
          font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1120px; margin: 0 auto; padding: 24px 20px 48px; }
        h1 { font-size: 1.5rem; margin: 0 0 8px; overflow-wrap: anywhere; }
        h2 { font-size: 1.15rem; margin: 32px 0 12px; border-bottom: 1px solid var(--line);
          padding-bottom: 4px; }
        h3 { font-size: 1rem; margin: 20px 0 6px; }
        dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr));
          gap: 10px 24px; margin: 0; }
        dt { color: var(--soft); font-size: .85rem; }
        dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
        .charts { display: grid; gap: 20px 28px;
          grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); }
        figure { margin: 0; break-inside: avoid; }
        figcaption { color: var(--soft); font-size: .9rem; }
        figcaption strong { color: var(--text); margin-right: 6px; }
        .key { display: inline-block; width: 14px; height: 3px; margin: 0 5px 3px 12px; }
        .key.s0 { background: var(--s0); } .key.s1 { background: var(--s1); }
        .key.s2 { background: var(--s2); } .key.s3 { background: var(--s3); }
        svg { display: block; width: 100%; height: auto; }
        svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
        svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
        svg .grid { stroke: var(--line); stroke-width: 1; }
        svg polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
        svg polyline.s0 { stroke: var(--s0); } svg circle.s0 { fill: var(--s0); }
        svg polyline.s1 { stroke: var(--s1); } svg circle.s1 { fill: var(--s1); }
        svg polyline.s2 { stroke: var(--s2); } svg circle.s2 { fill: var(--s2); }
        svg polyline.s3 { stroke: var(--s3); } svg circle.s3 { fill: var(--s3); }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .9rem;
          font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: 3px 14px 3px 0; white-space: nowrap;
          border-bottom: 1px solid var(--line); }
        th { color: var(--soft); font-weight: 500; }
        mark { background: var(--mark); color: inherit; padding: 1px 4px; border-radius: 3px; }
        small { color: var(--soft); }
        details { margin-top: 16px; } summary { cursor: pointer; color: var(--soft); }

        """
}
