-- SPDX-License-Identifier: Apache-2.0
--
-- What Wireshark's GRE dissector does not say about NVGRE (RFC 7637).
--
--   tshark -X lua_script:nvgre.lua -r FILE -Y 'nvgre.vsid == 5001'
--
-- It has the key as one number and does not mind flags that NVGRE forbids.
-- This adds, for each GRE header that carries Ethernet:
--
--   nvgre.vsid    virtual subnet ID, the high 24 bits of the key
--   nvgre.flowid  FlowID, the low 8 bits
--   nvgre.bad     what RFC 7637 section 3.2 forbids in the header, if anything

local TRANSPARENT_ETHERNET_BRIDGING = 0x6558
local KEY_PRESENT = 0x2000
local CHECKSUM_PRESENT = 0x8000
local SEQUENCE_PRESENT = 0x1000
local VERSION = 0x0007

local nvgre = Proto("nvgre", "NVGRE")
local vsid = ProtoField.uint24("nvgre.vsid", "Virtual subnet ID",
                               base.DEC_HEX)
local flowid = ProtoField.uint8("nvgre.flowid", "FlowID", base.DEC_HEX)
local bad = ProtoField.string("nvgre.bad", "Not valid NVGRE")
nvgre.fields = { vsid, flowid, bad }

local gre_flags = Field.new("gre.flags_and_version")
local gre_proto = Field.new("gre.proto")
local gre_key = Field.new("gre.key")

-- Returns what is wrong with the flags, or nil.
local function complaint(flags)
    local text = {}
    if bit.band(flags, KEY_PRESENT) == 0 then
        table.insert(text, "no key")
    end
    if bit.band(flags, CHECKSUM_PRESENT) ~= 0 then
        table.insert(text, "checksum")
    end
    if bit.band(flags, SEQUENCE_PRESENT) ~= 0 then
        table.insert(text, "sequence number")
    end
    if bit.band(flags, VERSION) ~= 0 then
        table.insert(text, "version")
    end
    if #text == 0 and flags ~= KEY_PRESENT then
        table.insert(text, string.format("flags 0x%04x", flags))
    end
    return #text > 0 and table.concat(text, ", ") or nil
end

-- A packet may have several GRE headers.  Their flags and protocols come in
-- pairs, but only those with the key bit have a key.
function nvgre.dissector(_, _, tree)
    local flags, protocols, keys = { gre_flags() }, { gre_proto() },
                                   { gre_key() }
    local used = 0
    for i, protocol in ipairs(protocols) do
        local key
        if bit.band(flags[i].value, KEY_PRESENT) ~= 0 then
            used = used + 1
            key = keys[used]
        end
        if protocol.value == TRANSPARENT_ETHERNET_BRIDGING then
            local branch = tree:add(nvgre)
            if key then
                branch:add(vsid, key.range(0, 3))
                branch:add(flowid, key.range(3, 1))
            end
            local text = complaint(flags[i].value)
            if text then
                branch:add(bad, text)
            end
        end
    end
end

register_postdissector(nvgre)
