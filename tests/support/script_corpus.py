"""Texts that run a script wherever a page forgets to escape or to clean one. Each sets `window.ran`."""

RUN = "window.ran=1"
TEXTS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</textarea></title></style><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg onload='{RUN}'>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<body onpageshow={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f'" autofocus onfocus={RUN} x="',
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<template><img src=x onerror={RUN}></template>",
    f"<a href='javascript:{RUN}'>x</a>",
    f"[x](javascript:{RUN})",
    f"![x](x'onerror='{RUN})",
    f"<!--><img src=x onerror={RUN}>-->",
    f"<style>@import 'javascript:{RUN}';</style>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"a\u200b<img/src=x onerror={RUN}>",
    f'https://x.example/"onmouseover="{RUN}',
    f"http://x.example/<img src=x onerror={RUN}>",
)
WEBSITES = (
    f'https://x.example/"onclick="{RUN}',
    f"https://x.example/'><script>{RUN}</script>",
    f"javascript:{RUN}//https://x.example",
    f"data:text/html,<script>{RUN}</script>",
    f"https://javascript:{RUN}@x.example/",
)
