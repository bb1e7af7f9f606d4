"""The codes of our own rules: which remedy each has. Their sentences are those of rules/messages.py."""

_CODES_OF_REMEDY: dict[str, str] = {
    "number": "1104 1130 1287",
    "dates": "1105 1112 1125 1133 1134 1145 1146 1147 1152 1173",
    "kind": "1114 1115 1116 1117 1118 1119 1148 1150 1157 1183 1185 1189 1190 1197 1202",
    "recipient": "1111 1122 1123 1126 1131 1149 1156 1191 1192 1205 1234 1239 1283 1289 1290",
    "regime_of_vat_numbers": "1103 1254 1255",
    "party": "1155 1158 1159 1178 1186 1188 1211 1224 1227 1228 1229 1230 1232 1258 1259",
    "amounts": "1138 1139 1140 1142 1143 1144 1207 1208 1209 1257 2005 2006",
    "rate": "1124 1127 1160 1162 1163 1164 1165 1166 1167 1168 1169 1170 1194 "
    "1198 1206 1235 1236 1237 1238 1277 1281 1284",
    "coding": "1182 1195 1196 1199 1200 1201 1203 1245 1246 1252 1260 1286 1293",
    "flags": "1153 1161",
    "system": "1176 1177 1179 1220 1221 1223",
    "taxpayer": "1100 1108 1219 1282 4116",
    "representative": "4117",
    "chain": "1174 1175 1269 1291 2002 2003 2008",
    "huella": "1262 1292 2000",
    "clock": "1244",
    "ipsi": "2009",
    "software": "4120 4126",
}
REMEDY_OF_RULE: dict[str, str] = {code: remedy for remedy, codes in _CODES_OF_REMEDY.items() for code in codes.split()}
"""code -> name of its remedy."""

ACTIONS_OF_RULES: dict[str, str] = {
    "coding": "correct",
    "system": "correct",
    "party": "correct",
    "chain": "correct",
    "huella": "correct",
    "flags": "correct",
    "recipient": "rectify",
    "regime_of_vat_numbers": "rectify",
    "amounts": "rectify",
    "rate": "rectify",
    "kind": "rectify",
    "dates": "rectify",
    # Codes unlike the others of their remedy: what is stored with an error is corrected, a refused header waits.
    "1244": "correct",
    "2005": "correct",
    "2006": "correct",
    "2009": "nothing",
    "4116": "alarm",
    "4117": "alarm",
    "4120": "alarm",
    "4126": "alarm",
}
"""Remedy, or one code, -> name of the action; whatever is not here waits for a person."""
