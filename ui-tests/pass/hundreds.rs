//! Hundreds of handlers in one actor.

#![deny(warnings)]

use airssys_rt::prelude::*;

#[actor]
#[derive(Default)]
struct Board {
    last: u64,
}

#[handlers(message(derive(Debug, Clone)))]
impl Board {
    #[handler]
    async fn set_0(&mut self, to: u64) -> u64 {
        self.last = to + 0;
        self.last
    }

    #[handler]
    fn set_1(&mut self, to: u64) -> u64 {
        self.last = to + 1;
        self.last
    }

    #[handler]
    fn set_2(&mut self, to: u64) -> u64 {
        self.last = to + 2;
        self.last
    }

    #[handler]
    async fn set_3(&mut self, to: u64) -> u64 {
        self.last = to + 3;
        self.last
    }

    #[handler]
    fn set_4(&mut self, to: u64) -> u64 {
        self.last = to + 4;
        self.last
    }

    #[handler]
    fn set_5(&mut self, to: u64) -> u64 {
        self.last = to + 5;
        self.last
    }

    #[handler]
    async fn set_6(&mut self, to: u64) -> u64 {
        self.last = to + 6;
        self.last
    }

    #[handler]
    fn set_7(&mut self, to: u64) -> u64 {
        self.last = to + 7;
        self.last
    }

    #[handler]
    fn set_8(&mut self, to: u64) -> u64 {
        self.last = to + 8;
        self.last
    }

    #[handler]
    async fn set_9(&mut self, to: u64) -> u64 {
        self.last = to + 9;
        self.last
    }

    #[handler]
    fn set_10(&mut self, to: u64) -> u64 {
        self.last = to + 10;
        self.last
    }

    #[handler]
    fn set_11(&mut self, to: u64) -> u64 {
        self.last = to + 11;
        self.last
    }

    #[handler]
    async fn set_12(&mut self, to: u64) -> u64 {
        self.last = to + 12;
        self.last
    }

    #[handler]
    fn set_13(&mut self, to: u64) -> u64 {
        self.last = to + 13;
        self.last
    }

    #[handler]
    fn set_14(&mut self, to: u64) -> u64 {
        self.last = to + 14;
        self.last
    }

    #[handler]
    async fn set_15(&mut self, to: u64) -> u64 {
        self.last = to + 15;
        self.last
    }

    #[handler]
    fn set_16(&mut self, to: u64) -> u64 {
        self.last = to + 16;
        self.last
    }

    #[handler]
    fn set_17(&mut self, to: u64) -> u64 {
        self.last = to + 17;
        self.last
    }

    #[handler]
    async fn set_18(&mut self, to: u64) -> u64 {
        self.last = to + 18;
        self.last
    }

    #[handler]
    fn set_19(&mut self, to: u64) -> u64 {
        self.last = to + 19;
        self.last
    }

    #[handler]
    fn set_20(&mut self, to: u64) -> u64 {
        self.last = to + 20;
        self.last
    }

    #[handler]
    async fn set_21(&mut self, to: u64) -> u64 {
        self.last = to + 21;
        self.last
    }

    #[handler]
    fn set_22(&mut self, to: u64) -> u64 {
        self.last = to + 22;
        self.last
    }

    #[handler]
    fn set_23(&mut self, to: u64) -> u64 {
        self.last = to + 23;
        self.last
    }

    #[handler]
    async fn set_24(&mut self, to: u64) -> u64 {
        self.last = to + 24;
        self.last
    }

    #[handler]
    fn set_25(&mut self, to: u64) -> u64 {
        self.last = to + 25;
        self.last
    }

    #[handler]
    fn set_26(&mut self, to: u64) -> u64 {
        self.last = to + 26;
        self.last
    }

    #[handler]
    async fn set_27(&mut self, to: u64) -> u64 {
        self.last = to + 27;
        self.last
    }

    #[handler]
    fn set_28(&mut self, to: u64) -> u64 {
        self.last = to + 28;
        self.last
    }

    #[handler]
    fn set_29(&mut self, to: u64) -> u64 {
        self.last = to + 29;
        self.last
    }

    #[handler]
    async fn set_30(&mut self, to: u64) -> u64 {
        self.last = to + 30;
        self.last
    }

    #[handler]
    fn set_31(&mut self, to: u64) -> u64 {
        self.last = to + 31;
        self.last
    }

    #[handler]
    fn set_32(&mut self, to: u64) -> u64 {
        self.last = to + 32;
        self.last
    }

    #[handler]
    async fn set_33(&mut self, to: u64) -> u64 {
        self.last = to + 33;
        self.last
    }

    #[handler]
    fn set_34(&mut self, to: u64) -> u64 {
        self.last = to + 34;
        self.last
    }

    #[handler]
    fn set_35(&mut self, to: u64) -> u64 {
        self.last = to + 35;
        self.last
    }

    #[handler]
    async fn set_36(&mut self, to: u64) -> u64 {
        self.last = to + 36;
        self.last
    }

    #[handler]
    fn set_37(&mut self, to: u64) -> u64 {
        self.last = to + 37;
        self.last
    }

    #[handler]
    fn set_38(&mut self, to: u64) -> u64 {
        self.last = to + 38;
        self.last
    }

    #[handler]
    async fn set_39(&mut self, to: u64) -> u64 {
        self.last = to + 39;
        self.last
    }

    #[handler]
    fn set_40(&mut self, to: u64) -> u64 {
        self.last = to + 40;
        self.last
    }

    #[handler]
    fn set_41(&mut self, to: u64) -> u64 {
        self.last = to + 41;
        self.last
    }

    #[handler]
    async fn set_42(&mut self, to: u64) -> u64 {
        self.last = to + 42;
        self.last
    }

    #[handler]
    fn set_43(&mut self, to: u64) -> u64 {
        self.last = to + 43;
        self.last
    }

    #[handler]
    fn set_44(&mut self, to: u64) -> u64 {
        self.last = to + 44;
        self.last
    }

    #[handler]
    async fn set_45(&mut self, to: u64) -> u64 {
        self.last = to + 45;
        self.last
    }

    #[handler]
    fn set_46(&mut self, to: u64) -> u64 {
        self.last = to + 46;
        self.last
    }

    #[handler]
    fn set_47(&mut self, to: u64) -> u64 {
        self.last = to + 47;
        self.last
    }

    #[handler]
    async fn set_48(&mut self, to: u64) -> u64 {
        self.last = to + 48;
        self.last
    }

    #[handler]
    fn set_49(&mut self, to: u64) -> u64 {
        self.last = to + 49;
        self.last
    }

    #[handler]
    fn set_50(&mut self, to: u64) -> u64 {
        self.last = to + 50;
        self.last
    }

    #[handler]
    async fn set_51(&mut self, to: u64) -> u64 {
        self.last = to + 51;
        self.last
    }

    #[handler]
    fn set_52(&mut self, to: u64) -> u64 {
        self.last = to + 52;
        self.last
    }

    #[handler]
    fn set_53(&mut self, to: u64) -> u64 {
        self.last = to + 53;
        self.last
    }

    #[handler]
    async fn set_54(&mut self, to: u64) -> u64 {
        self.last = to + 54;
        self.last
    }

    #[handler]
    fn set_55(&mut self, to: u64) -> u64 {
        self.last = to + 55;
        self.last
    }

    #[handler]
    fn set_56(&mut self, to: u64) -> u64 {
        self.last = to + 56;
        self.last
    }

    #[handler]
    async fn set_57(&mut self, to: u64) -> u64 {
        self.last = to + 57;
        self.last
    }

    #[handler]
    fn set_58(&mut self, to: u64) -> u64 {
        self.last = to + 58;
        self.last
    }

    #[handler]
    fn set_59(&mut self, to: u64) -> u64 {
        self.last = to + 59;
        self.last
    }

    #[handler]
    async fn set_60(&mut self, to: u64) -> u64 {
        self.last = to + 60;
        self.last
    }

    #[handler]
    fn set_61(&mut self, to: u64) -> u64 {
        self.last = to + 61;
        self.last
    }

    #[handler]
    fn set_62(&mut self, to: u64) -> u64 {
        self.last = to + 62;
        self.last
    }

    #[handler]
    async fn set_63(&mut self, to: u64) -> u64 {
        self.last = to + 63;
        self.last
    }

    #[handler]
    fn set_64(&mut self, to: u64) -> u64 {
        self.last = to + 64;
        self.last
    }

    #[handler]
    fn set_65(&mut self, to: u64) -> u64 {
        self.last = to + 65;
        self.last
    }

    #[handler]
    async fn set_66(&mut self, to: u64) -> u64 {
        self.last = to + 66;
        self.last
    }

    #[handler]
    fn set_67(&mut self, to: u64) -> u64 {
        self.last = to + 67;
        self.last
    }

    #[handler]
    fn set_68(&mut self, to: u64) -> u64 {
        self.last = to + 68;
        self.last
    }

    #[handler]
    async fn set_69(&mut self, to: u64) -> u64 {
        self.last = to + 69;
        self.last
    }

    #[handler]
    fn set_70(&mut self, to: u64) -> u64 {
        self.last = to + 70;
        self.last
    }

    #[handler]
    fn set_71(&mut self, to: u64) -> u64 {
        self.last = to + 71;
        self.last
    }

    #[handler]
    async fn set_72(&mut self, to: u64) -> u64 {
        self.last = to + 72;
        self.last
    }

    #[handler]
    fn set_73(&mut self, to: u64) -> u64 {
        self.last = to + 73;
        self.last
    }

    #[handler]
    fn set_74(&mut self, to: u64) -> u64 {
        self.last = to + 74;
        self.last
    }

    #[handler]
    async fn set_75(&mut self, to: u64) -> u64 {
        self.last = to + 75;
        self.last
    }

    #[handler]
    fn set_76(&mut self, to: u64) -> u64 {
        self.last = to + 76;
        self.last
    }

    #[handler]
    fn set_77(&mut self, to: u64) -> u64 {
        self.last = to + 77;
        self.last
    }

    #[handler]
    async fn set_78(&mut self, to: u64) -> u64 {
        self.last = to + 78;
        self.last
    }

    #[handler]
    fn set_79(&mut self, to: u64) -> u64 {
        self.last = to + 79;
        self.last
    }

    #[handler]
    fn set_80(&mut self, to: u64) -> u64 {
        self.last = to + 80;
        self.last
    }

    #[handler]
    async fn set_81(&mut self, to: u64) -> u64 {
        self.last = to + 81;
        self.last
    }

    #[handler]
    fn set_82(&mut self, to: u64) -> u64 {
        self.last = to + 82;
        self.last
    }

    #[handler]
    fn set_83(&mut self, to: u64) -> u64 {
        self.last = to + 83;
        self.last
    }

    #[handler]
    async fn set_84(&mut self, to: u64) -> u64 {
        self.last = to + 84;
        self.last
    }

    #[handler]
    fn set_85(&mut self, to: u64) -> u64 {
        self.last = to + 85;
        self.last
    }

    #[handler]
    fn set_86(&mut self, to: u64) -> u64 {
        self.last = to + 86;
        self.last
    }

    #[handler]
    async fn set_87(&mut self, to: u64) -> u64 {
        self.last = to + 87;
        self.last
    }

    #[handler]
    fn set_88(&mut self, to: u64) -> u64 {
        self.last = to + 88;
        self.last
    }

    #[handler]
    fn set_89(&mut self, to: u64) -> u64 {
        self.last = to + 89;
        self.last
    }

    #[handler]
    async fn set_90(&mut self, to: u64) -> u64 {
        self.last = to + 90;
        self.last
    }

    #[handler]
    fn set_91(&mut self, to: u64) -> u64 {
        self.last = to + 91;
        self.last
    }

    #[handler]
    fn set_92(&mut self, to: u64) -> u64 {
        self.last = to + 92;
        self.last
    }

    #[handler]
    async fn set_93(&mut self, to: u64) -> u64 {
        self.last = to + 93;
        self.last
    }

    #[handler]
    fn set_94(&mut self, to: u64) -> u64 {
        self.last = to + 94;
        self.last
    }

    #[handler]
    fn set_95(&mut self, to: u64) -> u64 {
        self.last = to + 95;
        self.last
    }

    #[handler]
    async fn set_96(&mut self, to: u64) -> u64 {
        self.last = to + 96;
        self.last
    }

    #[handler]
    fn set_97(&mut self, to: u64) -> u64 {
        self.last = to + 97;
        self.last
    }

    #[handler]
    fn set_98(&mut self, to: u64) -> u64 {
        self.last = to + 98;
        self.last
    }

    #[handler]
    async fn set_99(&mut self, to: u64) -> u64 {
        self.last = to + 99;
        self.last
    }

    #[handler]
    fn set_100(&mut self, to: u64) -> u64 {
        self.last = to + 100;
        self.last
    }

    #[handler]
    fn set_101(&mut self, to: u64) -> u64 {
        self.last = to + 101;
        self.last
    }

    #[handler]
    async fn set_102(&mut self, to: u64) -> u64 {
        self.last = to + 102;
        self.last
    }

    #[handler]
    fn set_103(&mut self, to: u64) -> u64 {
        self.last = to + 103;
        self.last
    }

    #[handler]
    fn set_104(&mut self, to: u64) -> u64 {
        self.last = to + 104;
        self.last
    }

    #[handler]
    async fn set_105(&mut self, to: u64) -> u64 {
        self.last = to + 105;
        self.last
    }

    #[handler]
    fn set_106(&mut self, to: u64) -> u64 {
        self.last = to + 106;
        self.last
    }

    #[handler]
    fn set_107(&mut self, to: u64) -> u64 {
        self.last = to + 107;
        self.last
    }

    #[handler]
    async fn set_108(&mut self, to: u64) -> u64 {
        self.last = to + 108;
        self.last
    }

    #[handler]
    fn set_109(&mut self, to: u64) -> u64 {
        self.last = to + 109;
        self.last
    }

    #[handler]
    fn set_110(&mut self, to: u64) -> u64 {
        self.last = to + 110;
        self.last
    }

    #[handler]
    async fn set_111(&mut self, to: u64) -> u64 {
        self.last = to + 111;
        self.last
    }

    #[handler]
    fn set_112(&mut self, to: u64) -> u64 {
        self.last = to + 112;
        self.last
    }

    #[handler]
    fn set_113(&mut self, to: u64) -> u64 {
        self.last = to + 113;
        self.last
    }

    #[handler]
    async fn set_114(&mut self, to: u64) -> u64 {
        self.last = to + 114;
        self.last
    }

    #[handler]
    fn set_115(&mut self, to: u64) -> u64 {
        self.last = to + 115;
        self.last
    }

    #[handler]
    fn set_116(&mut self, to: u64) -> u64 {
        self.last = to + 116;
        self.last
    }

    #[handler]
    async fn set_117(&mut self, to: u64) -> u64 {
        self.last = to + 117;
        self.last
    }

    #[handler]
    fn set_118(&mut self, to: u64) -> u64 {
        self.last = to + 118;
        self.last
    }

    #[handler]
    fn set_119(&mut self, to: u64) -> u64 {
        self.last = to + 119;
        self.last
    }

    #[handler]
    async fn set_120(&mut self, to: u64) -> u64 {
        self.last = to + 120;
        self.last
    }

    #[handler]
    fn set_121(&mut self, to: u64) -> u64 {
        self.last = to + 121;
        self.last
    }

    #[handler]
    fn set_122(&mut self, to: u64) -> u64 {
        self.last = to + 122;
        self.last
    }

    #[handler]
    async fn set_123(&mut self, to: u64) -> u64 {
        self.last = to + 123;
        self.last
    }

    #[handler]
    fn set_124(&mut self, to: u64) -> u64 {
        self.last = to + 124;
        self.last
    }

    #[handler]
    fn set_125(&mut self, to: u64) -> u64 {
        self.last = to + 125;
        self.last
    }

    #[handler]
    async fn set_126(&mut self, to: u64) -> u64 {
        self.last = to + 126;
        self.last
    }

    #[handler]
    fn set_127(&mut self, to: u64) -> u64 {
        self.last = to + 127;
        self.last
    }

    #[handler]
    fn set_128(&mut self, to: u64) -> u64 {
        self.last = to + 128;
        self.last
    }

    #[handler]
    async fn set_129(&mut self, to: u64) -> u64 {
        self.last = to + 129;
        self.last
    }

    #[handler]
    fn set_130(&mut self, to: u64) -> u64 {
        self.last = to + 130;
        self.last
    }

    #[handler]
    fn set_131(&mut self, to: u64) -> u64 {
        self.last = to + 131;
        self.last
    }

    #[handler]
    async fn set_132(&mut self, to: u64) -> u64 {
        self.last = to + 132;
        self.last
    }

    #[handler]
    fn set_133(&mut self, to: u64) -> u64 {
        self.last = to + 133;
        self.last
    }

    #[handler]
    fn set_134(&mut self, to: u64) -> u64 {
        self.last = to + 134;
        self.last
    }

    #[handler]
    async fn set_135(&mut self, to: u64) -> u64 {
        self.last = to + 135;
        self.last
    }

    #[handler]
    fn set_136(&mut self, to: u64) -> u64 {
        self.last = to + 136;
        self.last
    }

    #[handler]
    fn set_137(&mut self, to: u64) -> u64 {
        self.last = to + 137;
        self.last
    }

    #[handler]
    async fn set_138(&mut self, to: u64) -> u64 {
        self.last = to + 138;
        self.last
    }

    #[handler]
    fn set_139(&mut self, to: u64) -> u64 {
        self.last = to + 139;
        self.last
    }

    #[handler]
    fn set_140(&mut self, to: u64) -> u64 {
        self.last = to + 140;
        self.last
    }

    #[handler]
    async fn set_141(&mut self, to: u64) -> u64 {
        self.last = to + 141;
        self.last
    }

    #[handler]
    fn set_142(&mut self, to: u64) -> u64 {
        self.last = to + 142;
        self.last
    }

    #[handler]
    fn set_143(&mut self, to: u64) -> u64 {
        self.last = to + 143;
        self.last
    }

    #[handler]
    async fn set_144(&mut self, to: u64) -> u64 {
        self.last = to + 144;
        self.last
    }

    #[handler]
    fn set_145(&mut self, to: u64) -> u64 {
        self.last = to + 145;
        self.last
    }

    #[handler]
    fn set_146(&mut self, to: u64) -> u64 {
        self.last = to + 146;
        self.last
    }

    #[handler]
    async fn set_147(&mut self, to: u64) -> u64 {
        self.last = to + 147;
        self.last
    }

    #[handler]
    fn set_148(&mut self, to: u64) -> u64 {
        self.last = to + 148;
        self.last
    }

    #[handler]
    fn set_149(&mut self, to: u64) -> u64 {
        self.last = to + 149;
        self.last
    }

    #[handler]
    async fn set_150(&mut self, to: u64) -> u64 {
        self.last = to + 150;
        self.last
    }

    #[handler]
    fn set_151(&mut self, to: u64) -> u64 {
        self.last = to + 151;
        self.last
    }

    #[handler]
    fn set_152(&mut self, to: u64) -> u64 {
        self.last = to + 152;
        self.last
    }

    #[handler]
    async fn set_153(&mut self, to: u64) -> u64 {
        self.last = to + 153;
        self.last
    }

    #[handler]
    fn set_154(&mut self, to: u64) -> u64 {
        self.last = to + 154;
        self.last
    }

    #[handler]
    fn set_155(&mut self, to: u64) -> u64 {
        self.last = to + 155;
        self.last
    }

    #[handler]
    async fn set_156(&mut self, to: u64) -> u64 {
        self.last = to + 156;
        self.last
    }

    #[handler]
    fn set_157(&mut self, to: u64) -> u64 {
        self.last = to + 157;
        self.last
    }

    #[handler]
    fn set_158(&mut self, to: u64) -> u64 {
        self.last = to + 158;
        self.last
    }

    #[handler]
    async fn set_159(&mut self, to: u64) -> u64 {
        self.last = to + 159;
        self.last
    }

    #[handler]
    fn set_160(&mut self, to: u64) -> u64 {
        self.last = to + 160;
        self.last
    }

    #[handler]
    fn set_161(&mut self, to: u64) -> u64 {
        self.last = to + 161;
        self.last
    }

    #[handler]
    async fn set_162(&mut self, to: u64) -> u64 {
        self.last = to + 162;
        self.last
    }

    #[handler]
    fn set_163(&mut self, to: u64) -> u64 {
        self.last = to + 163;
        self.last
    }

    #[handler]
    fn set_164(&mut self, to: u64) -> u64 {
        self.last = to + 164;
        self.last
    }

    #[handler]
    async fn set_165(&mut self, to: u64) -> u64 {
        self.last = to + 165;
        self.last
    }

    #[handler]
    fn set_166(&mut self, to: u64) -> u64 {
        self.last = to + 166;
        self.last
    }

    #[handler]
    fn set_167(&mut self, to: u64) -> u64 {
        self.last = to + 167;
        self.last
    }

    #[handler]
    async fn set_168(&mut self, to: u64) -> u64 {
        self.last = to + 168;
        self.last
    }

    #[handler]
    fn set_169(&mut self, to: u64) -> u64 {
        self.last = to + 169;
        self.last
    }

    #[handler]
    fn set_170(&mut self, to: u64) -> u64 {
        self.last = to + 170;
        self.last
    }

    #[handler]
    async fn set_171(&mut self, to: u64) -> u64 {
        self.last = to + 171;
        self.last
    }

    #[handler]
    fn set_172(&mut self, to: u64) -> u64 {
        self.last = to + 172;
        self.last
    }

    #[handler]
    fn set_173(&mut self, to: u64) -> u64 {
        self.last = to + 173;
        self.last
    }

    #[handler]
    async fn set_174(&mut self, to: u64) -> u64 {
        self.last = to + 174;
        self.last
    }

    #[handler]
    fn set_175(&mut self, to: u64) -> u64 {
        self.last = to + 175;
        self.last
    }

    #[handler]
    fn set_176(&mut self, to: u64) -> u64 {
        self.last = to + 176;
        self.last
    }

    #[handler]
    async fn set_177(&mut self, to: u64) -> u64 {
        self.last = to + 177;
        self.last
    }

    #[handler]
    fn set_178(&mut self, to: u64) -> u64 {
        self.last = to + 178;
        self.last
    }

    #[handler]
    fn set_179(&mut self, to: u64) -> u64 {
        self.last = to + 179;
        self.last
    }

    #[handler]
    async fn set_180(&mut self, to: u64) -> u64 {
        self.last = to + 180;
        self.last
    }

    #[handler]
    fn set_181(&mut self, to: u64) -> u64 {
        self.last = to + 181;
        self.last
    }

    #[handler]
    fn set_182(&mut self, to: u64) -> u64 {
        self.last = to + 182;
        self.last
    }

    #[handler]
    async fn set_183(&mut self, to: u64) -> u64 {
        self.last = to + 183;
        self.last
    }

    #[handler]
    fn set_184(&mut self, to: u64) -> u64 {
        self.last = to + 184;
        self.last
    }

    #[handler]
    fn set_185(&mut self, to: u64) -> u64 {
        self.last = to + 185;
        self.last
    }

    #[handler]
    async fn set_186(&mut self, to: u64) -> u64 {
        self.last = to + 186;
        self.last
    }

    #[handler]
    fn set_187(&mut self, to: u64) -> u64 {
        self.last = to + 187;
        self.last
    }

    #[handler]
    fn set_188(&mut self, to: u64) -> u64 {
        self.last = to + 188;
        self.last
    }

    #[handler]
    async fn set_189(&mut self, to: u64) -> u64 {
        self.last = to + 189;
        self.last
    }

    #[handler]
    fn set_190(&mut self, to: u64) -> u64 {
        self.last = to + 190;
        self.last
    }

    #[handler]
    fn set_191(&mut self, to: u64) -> u64 {
        self.last = to + 191;
        self.last
    }

    #[handler]
    async fn set_192(&mut self, to: u64) -> u64 {
        self.last = to + 192;
        self.last
    }

    #[handler]
    fn set_193(&mut self, to: u64) -> u64 {
        self.last = to + 193;
        self.last
    }

    #[handler]
    fn set_194(&mut self, to: u64) -> u64 {
        self.last = to + 194;
        self.last
    }

    #[handler]
    async fn set_195(&mut self, to: u64) -> u64 {
        self.last = to + 195;
        self.last
    }

    #[handler]
    fn set_196(&mut self, to: u64) -> u64 {
        self.last = to + 196;
        self.last
    }

    #[handler]
    fn set_197(&mut self, to: u64) -> u64 {
        self.last = to + 197;
        self.last
    }

    #[handler]
    async fn set_198(&mut self, to: u64) -> u64 {
        self.last = to + 198;
        self.last
    }

    #[handler]
    fn set_199(&mut self, to: u64) -> u64 {
        self.last = to + 199;
        self.last
    }

    #[handler]
    fn set_200(&mut self, to: u64) -> u64 {
        self.last = to + 200;
        self.last
    }

    #[handler]
    async fn set_201(&mut self, to: u64) -> u64 {
        self.last = to + 201;
        self.last
    }

    #[handler]
    fn set_202(&mut self, to: u64) -> u64 {
        self.last = to + 202;
        self.last
    }

    #[handler]
    fn set_203(&mut self, to: u64) -> u64 {
        self.last = to + 203;
        self.last
    }

    #[handler]
    async fn set_204(&mut self, to: u64) -> u64 {
        self.last = to + 204;
        self.last
    }

    #[handler]
    fn set_205(&mut self, to: u64) -> u64 {
        self.last = to + 205;
        self.last
    }

    #[handler]
    fn set_206(&mut self, to: u64) -> u64 {
        self.last = to + 206;
        self.last
    }

    #[handler]
    async fn set_207(&mut self, to: u64) -> u64 {
        self.last = to + 207;
        self.last
    }

    #[handler]
    fn set_208(&mut self, to: u64) -> u64 {
        self.last = to + 208;
        self.last
    }

    #[handler]
    fn set_209(&mut self, to: u64) -> u64 {
        self.last = to + 209;
        self.last
    }

    #[handler]
    async fn set_210(&mut self, to: u64) -> u64 {
        self.last = to + 210;
        self.last
    }

    #[handler]
    fn set_211(&mut self, to: u64) -> u64 {
        self.last = to + 211;
        self.last
    }

    #[handler]
    fn set_212(&mut self, to: u64) -> u64 {
        self.last = to + 212;
        self.last
    }

    #[handler]
    async fn set_213(&mut self, to: u64) -> u64 {
        self.last = to + 213;
        self.last
    }

    #[handler]
    fn set_214(&mut self, to: u64) -> u64 {
        self.last = to + 214;
        self.last
    }

    #[handler]
    fn set_215(&mut self, to: u64) -> u64 {
        self.last = to + 215;
        self.last
    }

    #[handler]
    async fn set_216(&mut self, to: u64) -> u64 {
        self.last = to + 216;
        self.last
    }

    #[handler]
    fn set_217(&mut self, to: u64) -> u64 {
        self.last = to + 217;
        self.last
    }

    #[handler]
    fn set_218(&mut self, to: u64) -> u64 {
        self.last = to + 218;
        self.last
    }

    #[handler]
    async fn set_219(&mut self, to: u64) -> u64 {
        self.last = to + 219;
        self.last
    }

    #[handler]
    fn set_220(&mut self, to: u64) -> u64 {
        self.last = to + 220;
        self.last
    }

    #[handler]
    fn set_221(&mut self, to: u64) -> u64 {
        self.last = to + 221;
        self.last
    }

    #[handler]
    async fn set_222(&mut self, to: u64) -> u64 {
        self.last = to + 222;
        self.last
    }

    #[handler]
    fn set_223(&mut self, to: u64) -> u64 {
        self.last = to + 223;
        self.last
    }

    #[handler]
    fn set_224(&mut self, to: u64) -> u64 {
        self.last = to + 224;
        self.last
    }

    #[handler]
    async fn set_225(&mut self, to: u64) -> u64 {
        self.last = to + 225;
        self.last
    }

    #[handler]
    fn set_226(&mut self, to: u64) -> u64 {
        self.last = to + 226;
        self.last
    }

    #[handler]
    fn set_227(&mut self, to: u64) -> u64 {
        self.last = to + 227;
        self.last
    }

    #[handler]
    async fn set_228(&mut self, to: u64) -> u64 {
        self.last = to + 228;
        self.last
    }

    #[handler]
    fn set_229(&mut self, to: u64) -> u64 {
        self.last = to + 229;
        self.last
    }

    #[handler]
    fn set_230(&mut self, to: u64) -> u64 {
        self.last = to + 230;
        self.last
    }

    #[handler]
    async fn set_231(&mut self, to: u64) -> u64 {
        self.last = to + 231;
        self.last
    }

    #[handler]
    fn set_232(&mut self, to: u64) -> u64 {
        self.last = to + 232;
        self.last
    }

    #[handler]
    fn set_233(&mut self, to: u64) -> u64 {
        self.last = to + 233;
        self.last
    }

    #[handler]
    async fn set_234(&mut self, to: u64) -> u64 {
        self.last = to + 234;
        self.last
    }

    #[handler]
    fn set_235(&mut self, to: u64) -> u64 {
        self.last = to + 235;
        self.last
    }

    #[handler]
    fn set_236(&mut self, to: u64) -> u64 {
        self.last = to + 236;
        self.last
    }

    #[handler]
    async fn set_237(&mut self, to: u64) -> u64 {
        self.last = to + 237;
        self.last
    }

    #[handler]
    fn set_238(&mut self, to: u64) -> u64 {
        self.last = to + 238;
        self.last
    }

    #[handler]
    fn set_239(&mut self, to: u64) -> u64 {
        self.last = to + 239;
        self.last
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let system = System::new("board");
    let board = system.spawn(Board::default());
    assert_eq!(board.set_0(1).await.unwrap(), 1);
    assert_eq!(board.set_1(1).await.unwrap(), 2);
    assert_eq!(board.set_119(1).await.unwrap(), 120);
    assert_eq!(board.set_238(1).await.unwrap(), 239);
    assert_eq!(board.set_239(1).await.unwrap(), 240);
    assert!(system.shutdown().await.is_clean());
}
